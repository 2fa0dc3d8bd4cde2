/* when.c - see when.h. */
#include "cli/when.h"

#include <stddef.h>
#include <time.h>

const char *fv_when(int64_t milliseconds, char out[FV_WHEN_LETTERS]) {
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm moment;
    gmtime_r(&seconds, &moment);
    if (!strftime(out, FV_WHEN_LETTERS, "%Y-%m-%d %H:%M UTC", &moment)) out[0] = 0;
    return out;
}
