/* clock.h - seconds for rates and expectations; nothing that is computed depends on them. */
#ifndef FV_TRAIN_CLOCK_H
#define FV_TRAIN_CLOCK_H

#include <time.h>

/* Since some moment in the past. */
static inline double fv_clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
