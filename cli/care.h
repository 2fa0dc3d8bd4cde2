/* care.h - what the commands of `fovea registry` share: opening, the bar, sizes in words. */
#ifndef FV_CLI_CARE_H
#define FV_CLI_CARE_H

#include "cli/command.h"
#include "fovea/care.h"

/* As fv_registry_open, but a workspace that is not there is never made. */
FV_MUST_USE fv_error *fv_care_open(const char *workspace, bool write, fv_registry **out);

/* A watch that moves the bar on standard error; `began` is the caller's. */
fv_care_watch fv_care_bar(fv_command_call *call, double *began);

#define FV_BYTES_LETTERS 32
/* "17 bytes", "3.4 MB" (of 10^6). Returns `out`. */
const char *fv_bytes_text(int64_t bytes, char out[FV_BYTES_LETTERS]);

#endif
