/* balanced_accuracy.c - the mean of the classes' recalls, over the classes that have samples: accuracy as if all of them had
 * equally many. Adjusted, 0 is chance and 1 perfect: (a − 1/K) / (1 − 1/K) for K classes with samples; undefined for one.
 * scikit-learn's balanced_accuracy_score. */
#include "metrics/metric.h"

typedef struct {
    bool adjusted;
} fv_balanced_accuracy_options;

static const fv_field fields[] = { FV_FIELD(fv_balanced_accuracy_options, adjusted, .by_default = "false",
                                            .help = "scale it so that chance is 0"),
                                   FV_FIELDS_END };

static fv_error *balanced_accuracy(const fv_confusion *confusion, const void *options, double *out) {
    double sum = 0, seen = 0;
    for (int64_t c = 0; c < confusion->classes; c++) {
        if (!confusion->support[c]) continue;
        sum += (double)confusion->cells[c * confusion->classes + c] / (double)confusion->support[c];
        seen++;
    }
    *out = sum / seen;
    if (((const fv_balanced_accuracy_options *)options)->adjusted) *out = seen > 1 ? (*out - 1 / seen) / (1 - 1 / seen) : NAN;
    return NULL;
}

const fv_metric fv_metric_balanced_accuracy = { .name = "balanced_accuracy",
                                                .summary = "mean recall of the classes",
                                                .fields = fields,
                                                .kinds = FV_KIND(FV_ONE_CLASS),
                                                .undefined = "all samples are of one class, where chance is 1",
                                                .of_confusion = balanced_accuracy };
