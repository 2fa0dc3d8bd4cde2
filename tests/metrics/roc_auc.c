/* The area under the ROC curve: two classes, each against the rest, each pair. */
#include <math.h>

#include "tests/metrics/golden.h"

FV_TEST(metrics_roc_auc__is_scikit_learns) { golden_metric("roc_auc"); }

FV_TEST(metrics_roc_auc__a_tie_counts_one_half_exactly) {
    const double p[] = { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 };
    const int64_t labels[] = { 0, 1, 1, 1 };
    double value;
    FV_OK(
        fv_metric_measure("roc_auc", &(fv_outcomes){ .count = 4, .classes = 2, .probabilities = p, .labels = labels }, &value));
    assert_true(value == 0.5);
}

FV_TEST(metrics_roc_auc__of_one_class_is_undefined) {
    const double p[] = { 0.5, 0.5, 0.25, 0.75 };
    const int64_t labels[] = { 1, 1 };
    double value;
    FV_OK(
        fv_metric_measure("roc_auc", &(fv_outcomes){ .count = 2, .classes = 2, .probabilities = p, .labels = labels }, &value));
    assert_true(isnan(value));
}

FV_TEST(metrics_roc_auc__of_labels_that_are_all_absent_is_undefined) {
    const double p[] = { 0.5, 0.5, 0.25, 0.75 };
    const uint8_t truths[4] = { 0 };
    fv_outcomes o = { .count = 2, .classes = 2, .kind = FV_MULTI_LABEL, .probabilities = p, .truths = truths };
    double value;
    FV_OK(fv_metric_measure("roc_auc average=weighted", &o, &value));
    assert_true(isnan(value));
}
