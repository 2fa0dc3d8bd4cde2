/* matthews.c - Matthews' correlation of truth and answers (Matthews 1975; for more than two classes Gorodkin's R_K, 2004):
 * (r·n − Σ sₖaₖ) / √((n² − Σ sₖ²)(n² − Σ aₖ²)), n samples, r of them right, sₖ of class k and aₖ taken for it. 0 where truth or
 * answers are all of one class, as in scikit-learn's matthews_corrcoef. */
#include "metrics/metric.h"

static fv_error *matthews(const fv_confusion *confusion, const void *options, double *out) {
    (void)options;
    double n = (double)confusion->count, right = 0, both = 0, truths = 0, answers = 0;
    for (int64_t c = 0; c < confusion->classes; c++) {
        double s = (double)confusion->support[c], a = (double)confusion->answers[c];
        right += (double)confusion->cells[c * confusion->classes + c];
        both += s * a;
        truths += s * s;
        answers += a * a;
    }
    double square = (n * n - truths) * (n * n - answers);
    *out = square == 0 ? 0 : (right * n - both) / sqrt(square);
    return NULL;
}

const fv_metric fv_metric_matthews = { .name = "matthews",
                                       .summary = "Matthews' correlation of truth and answers",
                                       .kinds = FV_KIND(FV_ONE_CLASS),
                                       .of_confusion = matthews };
