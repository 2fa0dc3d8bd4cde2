/* brier.c - the Brier score (Brier 1950): the mean over samples of Σ (p − t)² over classes, t 1 for the true one, else 0. With
 * two classes it is halved, which makes it the mean of (p − t)² of either class: scikit-learn's brier_score_loss with
 * scale_by_half="auto". Of several labels: the mean of (p − t)² over samples and labels. */
#include "metrics/metric.h"

static double of_labels(const fv_outcomes *o) {
    double sum = 0;
    for (int64_t i = 0; i < o->count * o->classes; i++) {
        double difference = o->probabilities[i] - o->truths[i];
        sum += difference * difference;
    }
    return sum / (double)(o->count * o->classes);
}

static double of_classes(const fv_outcomes *o) {
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++)
        for (int64_t c = 0; c < o->classes; c++) {
            double difference = o->probabilities[i * o->classes + c] - (c == o->labels[i]);
            sum += difference * difference;
        }
    return sum / (double)o->count * (o->classes < 3 ? 0.5 : 1);
}

static fv_error *brier(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    *out = o->kind == FV_ONE_CLASS ? of_classes(o) : of_labels(o);
    return NULL;
}

const fv_metric fv_metric_brier = { .name = "brier",
                                    .summary = "Brier score: mean squared error of the probabilities",
                                    .kinds = FV_KIND(FV_ONE_CLASS) | FV_KIND(FV_MULTI_LABEL),
                                    .lower_is_better = true,
                                    .measure = brier };
