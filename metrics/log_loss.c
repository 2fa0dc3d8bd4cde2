/* log_loss.c - the mean of −ln p over the samples, p the probability given to the true class: cross-entropy, in nats. As in
 * scikit-learn p is at least the f64 epsilon, 2⁻⁵², so that one certain mistake does not make it infinite. */
#include <float.h>

#include "metrics/metric.h"

static double log_loss(const fv_outcomes *o, const void *options) {
    (void)options;
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++) sum -= log(fmax(o->probabilities[i * o->classes + o->labels[i]], DBL_EPSILON));
    return sum / (double)o->count;
}

const fv_metric fv_metric_log_loss = {
    .name = "log_loss", .summary = "mean cross-entropy in nats", .lower_is_better = true, .measure = log_loss
};
