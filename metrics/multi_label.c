/* multi_label.c - figures of samples that are of any number of classes. A label is answered yes when its probability is at
 * least `threshold`.
 *
 *   subset_accuracy   share of samples with every label right (scikit-learn: accuracy_score)
 *   hamming_loss      share of wrong labels
 *   label_ranking_average_precision   mean over samples of the mean over their true labels of: among the labels with at least
 *     this probability, the share of true ones. A sample that no label or every label is true of has 1. (Schapire and Singer
 *     2000; scikit-learn: label_ranking_average_precision_score) */
#include "metrics/metric.h"

typedef struct {
    double threshold;
} fv_multi_label_options;

static const fv_field fields[] = { FV_FIELD(fv_multi_label_options, threshold, .by_default = "0.5", .min = 0, .max = 1,
                                            .help = "the lowest probability that is a yes"),
                                   FV_FIELDS_END };

static int64_t wrong_labels(const fv_outcomes *o, int64_t sample, const void *options) {
    const double *row = o->probabilities + sample * o->classes;
    const uint8_t *truths = o->truths + sample * o->classes;
    int64_t wrong = 0;
    for (int64_t c = 0; c < o->classes; c++)
        wrong += (row[c] >= ((const fv_multi_label_options *)options)->threshold) != truths[c];
    return wrong;
}

static fv_error *subset_accuracy(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)scratch;
    int64_t right = 0;
    for (int64_t i = 0; i < o->count; i++) right += !wrong_labels(o, i, options);
    *out = (double)right / (double)o->count;
    return NULL;
}

static fv_error *hamming_loss(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)scratch;
    int64_t wrong = 0;
    for (int64_t i = 0; i < o->count; i++) wrong += wrong_labels(o, i, options);
    *out = (double)wrong / (double)(o->count * o->classes);
    return NULL;
}

static double ranking_precision(const double *row, const uint8_t *truths, int64_t classes) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t c = 0; c < classes; c++) {
        if (!truths[c]) continue;
        int64_t ranked = 0, found = 0;
        for (int64_t k = 0; k < classes; k++) {
            ranked += row[k] >= row[c];
            found += row[k] >= row[c] && truths[k];
        }
        sum += (double)found / (double)ranked;
        count++;
    }
    return count ? sum / (double)count : 1;
}

static fv_error *label_ranking(const fv_outcomes *o, const void *options, fv_arena *scratch, double *out) {
    (void)options, (void)scratch;
    double sum = 0;
    for (int64_t i = 0; i < o->count; i++)
        sum += ranking_precision(o->probabilities + i * o->classes, o->truths + i * o->classes, o->classes);
    *out = sum / (double)o->count;
    return NULL;
}

const fv_metric fv_metric_subset_accuracy = { .name = "subset_accuracy",
                                              .summary = "share of samples with every label right",
                                              .fields = fields,
                                              .kinds = FV_KIND(FV_MULTI_LABEL),
                                              .measure = subset_accuracy };
const fv_metric fv_metric_hamming_loss = { .name = "hamming_loss",
                                           .summary = "share of wrong labels",
                                           .fields = fields,
                                           .kinds = FV_KIND(FV_MULTI_LABEL),
                                           .lower_is_better = true,
                                           .measure = hamming_loss };
const fv_metric fv_metric_label_ranking_average_precision = { .name = "label_ranking_average_precision",
                                                              .summary = "how far up the true labels of a sample rank",
                                                              .kinds = FV_KIND(FV_MULTI_LABEL),
                                                              .measure = label_ranking };
