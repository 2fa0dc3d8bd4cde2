/* fovea/metrics.h - figures that say how good predictions are: arrays in, numbers out.
 *
 *   double top1;
 *   FV_TRY(fv_metric_measure("top1", &outcomes, &top1));
 *
 * Definitions and conventions are scikit-learn's unless a metric says otherwise; ties go to the lowest class. All sums are in
 * f64 in the order of the samples, so a figure does not depend on threads. Pure functions; any thread. */
#ifndef FOVEA_METRICS_H
#define FOVEA_METRICS_H

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a classifier said of `count` samples, and what is true. */
typedef struct fv_outcomes {
    int64_t count, classes;
    const double *probabilities; /* count × classes, rows sum to 1 */
    const int64_t *labels;       /* count: 0 … classes − 1 */
} fv_outcomes;

/* `metric` is a name with options, "top_k k=5" (`fovea help metric` lists them). `*out` is NaN where the metric is undefined
 * for such outcomes, as for no samples at all. FV_USAGE: unknown metric or option, the nearest one as hint; a label that is no
 * class. */
FV_API FV_MUST_USE fv_error *fv_metric_measure(const char *metric, const fv_outcomes *outcomes, double *out);

/* Probabilities of a row of logits, in f64: exp(x − max) / Σ exp(x − max). Keeps the order of the classes. */
FV_API void fv_softmax_row(const float *logits, int64_t classes, double *probabilities);

/* Writes the `k` most probable classes of a row, the best first, equal ones by number; k ≤ classes. */
FV_API void fv_top_classes(const double *probabilities, int64_t classes, int64_t k, int64_t *top);

#ifdef __cplusplus
}
#endif
#endif
