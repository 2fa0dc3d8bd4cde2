/* redraw.h - a metric of samples that are drawn again and again: who is drawn, and what the metric says of them, with all that
 * is the same for every draw done once. What chance makes of a figure (a bootstrap), and what it makes of the difference of two
 * models on the same samples, are both made of it. */
#ifndef FV_METRICS_REDRAW_H
#define FV_METRICS_REDRAW_H

#include "metrics/metric.h"

/* The options with their defaults filled in, or FV_USAGE. */
FV_MUST_USE fv_error *fv_bootstrap_options_check(const fv_bootstrap_options *options, fv_bootstrap_options *out);

/* With replacement, where each sample is of one class within each class: the sizes of classes are kept. */
typedef struct fv_draws {
    uint64_t seed;
    int64_t count, groups;
    int64_t *members; /* samples, group after group; within a group in their order */
    int64_t *starts;  /* groups + 1: where each begins in `members` */
    int64_t *drawn;   /* a sample for each place in `members` */
} fv_draws;

FV_MUST_USE fv_error *fv_draws_init(const fv_outcomes *outcomes, uint64_t seed, fv_arena *arena, fv_draws *out);
void fv_draws_next(fv_draws *draws, uint32_t number); /* a pure function of the seed and the draw's number */

/* What a metric says of any `count` of the samples. */
typedef struct fv_redraw {
    const fv_outcomes *outcomes; /* checked */
    const fv_metric *metric;
    const void *options;
    int64_t count;
    fv_arena *scratch; /* of one draw */
    int64_t *answers;  /* of each sample; used by a metric of the confusion matrix */
    void *prepared;    /* used by a metric that has .prepare, with how often each sample is drawn */
    int64_t *times;
    fv_outcomes copy; /* of the samples drawn; used by all others */
} fv_redraw;

/* `arena` and `scratch` as fv_metric_scratch gives them for `outcomes`. FV_USAGE: no such metric for them, or they are wrong.
 */
FV_MUST_USE fv_error *fv_redraw_init(const char *metric, const fv_outcomes *outcomes, int64_t count, fv_arena *arena,
                                     fv_arena *scratch, fv_redraw *out);
/* `drawn`: redraw->count numbers of samples. */
FV_MUST_USE fv_error *fv_redraw_measure(fv_redraw *redraw, const int64_t *drawn, double *out);

/* Between the quantiles that leave out (1 − confidence) / 2 at either end; undefined where all values agree, for nothing to
 * draw from is not certainty. Sorts `values`. */
fv_interval fv_percentile_interval(double *values, int64_t count, double confidence);

#endif
