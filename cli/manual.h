/* manual.h - the man page and the completion of bash, from the same tables as --help. */
#ifndef FV_CLI_MANUAL_H
#define FV_CLI_MANUAL_H

#include "core/base/text.h"

void fv_manual_page(fv_text *out);        /* fovea.1, for man */
void fv_completion_of_bash(fv_text *out); /* a script that bash sources */

#endif
