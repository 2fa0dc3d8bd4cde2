/* when.h - moments as people read them. */
#ifndef FV_CLI_WHEN_H
#define FV_CLI_WHEN_H

#include <stdint.h>

#define FV_WHEN_LETTERS 40
/* "2026-11-29 14:08 UTC", of milliseconds since 1970. Returns `out`. */
const char *fv_when(int64_t milliseconds, char out[FV_WHEN_LETTERS]);

#endif
