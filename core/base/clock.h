/* clock.h - seconds for rates, expectations and deadlines; nothing that is computed depends on them. Any thread. */
#ifndef FV_BASE_CLOCK_H
#define FV_BASE_CLOCK_H

#include <time.h>

/* Since some moment in the past; never set back. */
static inline double fv_clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
