/* cohen_kappa.c - Cohen's kappa (Cohen 1960, 1968): how far answers and truth agree beyond what their frequencies alone would
 * give: 1 − Σ w·n / Σ w·e over the cells of the confusion matrix, n the counts, e = row sum · column sum / total, and w the
 * weight of a disagreement: 1, or for classes that have an order |t − a| (linear) or (t − a)² (quadratic) of their numbers.
 * Undefined where truth and answers are all of one and the same class. scikit-learn's cohen_kappa_score with the labels 0 …
 * classes − 1. */
#include "metrics/metric.h"

enum { NONE, LINEAR, QUADRATIC };

typedef struct {
    int weights;
} fv_cohen_kappa_options;

static const fv_field fields[] = { FV_FIELD(fv_cohen_kappa_options, weights, .by_default = "none",
                                            .names = "none,linear,quadratic", .help = "how much more a farther class is worth"),
                                   FV_FIELDS_END };

static double weight_of(int weights, int64_t truth, int64_t answer) {
    double distance = (double)(truth > answer ? truth - answer : answer - truth);
    return weights == NONE ? distance != 0 : weights == LINEAR ? distance : distance * distance;
}

static fv_error *cohen_kappa(const fv_confusion *confusion, const void *options, double *out) {
    double seen = 0, expected = 0;
    for (int64_t t = 0; t < confusion->classes; t++)
        for (int64_t a = 0; a < confusion->classes; a++) {
            double w = weight_of(((const fv_cohen_kappa_options *)options)->weights, t, a);
            seen += w * (double)confusion->cells[t * confusion->classes + a];
            expected += w * ((double)confusion->support[t] * (double)confusion->answers[a] / (double)confusion->count);
        }
    *out = expected == 0 ? NAN : 1 - seen / expected;
    return NULL;
}

const fv_metric fv_metric_cohen_kappa = { .name = "cohen_kappa",
                                          .summary = "agreement beyond chance, optionally weighted by distance",
                                          .fields = fields,
                                          .kinds = FV_KIND(FV_ONE_CLASS),
                                          .undefined = "truth and answers are all of one class",
                                          .of_confusion = cohen_kappa };
