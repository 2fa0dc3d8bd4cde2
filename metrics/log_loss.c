/* log_loss.c - cross-entropy in nats. Of one class of several: the mean of −ln p over the samples, p the probability given to
 * the true class. Of several labels: the mean over samples and labels of −ln p where the label is true and of −ln(1 − p) where
 * it is not. As in scikit-learn p (1 − p) is at least the f64 epsilon, 2⁻⁵², so that one certain mistake does not make it
 * infinite. */
#include <float.h>

#include "metrics/metric.h"

static double of_labels(const fv_outcomes *o) {
    double sum = 0;
    for (int64_t i = 0; i < o->count * o->classes; i++)
        sum -= log(fmax(o->truths[i] ? o->probabilities[i] : 1 - o->probabilities[i], DBL_EPSILON));
    return sum / (double)(o->count * o->classes);
}

static double of_classes(const fv_outcomes *o) {
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++) sum -= log(fmax(o->probabilities[i * o->classes + o->labels[i]], DBL_EPSILON));
    return sum / (double)o->count;
}

static fv_error *log_loss(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    *out = o->kind == FV_ONE_CLASS ? of_classes(o) : of_labels(o);
    return NULL;
}

const fv_metric fv_metric_log_loss = { .name = "log_loss",
                                       .summary = "mean cross-entropy in nats",
                                       .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                       .lower_is_better = true,
                                       .measure = log_loss };
