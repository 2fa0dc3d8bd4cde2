/* schedule.h - what a schedule is: one file optim/schedules/NAME.c with its descriptor, a pure function of where training is.
 */
#ifndef FV_OPTIM_SCHEDULE_H
#define FV_OPTIM_SCHEDULE_H

#include "core/base/part.h"
#include "fovea/optim.h"

/* Where training is when a step begins. */
typedef struct fv_moment {
    double progress; /* 0 … 1 over the steps after warm-up */
    double one_step; /* progress from one change of the rate to the next */
    double epoch;    /* epochs done, with the fraction, warm-up included */
} fv_moment;

typedef struct fv_schedule {
    FV_PART;
    bool warms_up;                                       /* begins low by itself: asking for warm-up as well is an error */
    double (*at)(const void *options, fv_moment moment); /* the factor of the base rate, 0 … 1 */
    fv_error *(*check)(const void *options);             /* what ranges of single fields cannot say; NULL: nothing */
} fv_schedule;

extern const fv_schedule *const fv_schedule_table[]; /* generated, sorted by name */
extern const int fv_schedule_table_count;

#endif
