/* regression.c - figures of predicted numbers p against true ones t, as in scikit-learn.
 *
 *   mae                     mean of |p − t|
 *   rmse                    square root of the mean of (p − t)²
 *   median_absolute_error   median of |p − t|; of an even count the mean of the middle two
 *   r2                      1 − Σ(p − t)² / Σ(t − mean of t)²: the share of the variance that is explained. When all t are
 * equal it is 1 for p that are exact, else 0; of a single sample it is undefined. */
#include <stdlib.h>

#include "metrics/metric.h"

static fv_error *mae(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++) sum += fabs(o->predicted[i] - o->targets[i]);
    *out = sum / (double)o->count;
    return NULL;
}

static double squared_errors(const fv_outcomes *o) {
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++) sum += (o->predicted[i] - o->targets[i]) * (o->predicted[i] - o->targets[i]);
    return sum;
}

static fv_error *rmse(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    *out = sqrt(squared_errors(o) / (double)o->count);
    return NULL;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static fv_error *median_absolute_error(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options;
    double *errors = NULL;
    FV_TRY(fv_arena_take(scratch, o->count, &errors));
    for (int64_t i = 0; i < o->count; i++) errors[i] = fabs(o->predicted[i] - o->targets[i]);
    qsort(errors, (size_t)o->count, sizeof *errors, by_size);
    *out = (errors[(o->count - 1) / 2] + errors[o->count / 2]) / 2;
    return NULL;
}

/* Around the mean. Equal targets have none, whatever rounding makes of their mean. */
static double variation(const fv_outcomes *o) {
    double mean = 0, sum = 0;
    bool equal = true;
    for (int64_t i = 0; i < o->count; i++) {
        mean += o->targets[i];
        equal = equal && o->targets[i] == o->targets[0];
    }
    mean /= (double)o->count;
    for (int64_t i = 0; i < o->count; i++) sum += (o->targets[i] - mean) * (o->targets[i] - mean);
    return equal ? 0 : sum;
}

static fv_error *r2(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    if (o->count < 2) return NULL;
    double errors = squared_errors(o), whole = variation(o);
    *out = whole > 0 ? 1 - errors / whole : errors > 0 ? 0 : 1;
    return NULL;
}

const fv_metric fv_metric_mae = {
    .name = "mae", .summary = "mean absolute error", .kinds = FV_KIND(FV_NUMBERS), .lower_is_better = true, .measure = mae
};
const fv_metric fv_metric_rmse = { .name = "rmse",
                                   .summary = "root of the mean squared error",
                                   .kinds = FV_KIND(FV_NUMBERS),
                                   .lower_is_better = true,
                                   .measure = rmse };
const fv_metric fv_metric_median_absolute_error = { .name = "median_absolute_error",
                                                    .summary = "median of the absolute errors",
                                                    .kinds = FV_KIND(FV_NUMBERS),
                                                    .lower_is_better = true,
                                                    .measure = median_absolute_error };
const fv_metric fv_metric_r2 = { .name = "r2",
                                 .summary = "coefficient of determination, R²: the share of the variance explained",
                                 .kinds = FV_KIND(FV_NUMBERS),
                                 .undefined = "there is only one sample",
                                 .measure = r2 };
