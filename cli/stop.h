/* stop.h - SIGINT and SIGTERM as a flag. One thread takes them, so that no other is interrupted; the second signal ends the
 * program at once, as it would have without this (what is on disk is whole at every instant). */
#ifndef FV_CLI_STOP_H
#define FV_CLI_STOP_H

#include "fovea/error.h"

/* From now on: `**flag` is 0, and 1 after the first signal. Call it before any other thread is made. */
FV_MUST_USE fv_error *fv_stop_listen(const int **flag);

#endif
