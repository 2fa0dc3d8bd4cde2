/* Precision, recall and F1: every average, every way with 0/0, of classes and of labels. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_precision_recall__is_scikit_learns) {
    golden_metric("precision");
    golden_metric("recall");
    golden_metric("f1");
}
