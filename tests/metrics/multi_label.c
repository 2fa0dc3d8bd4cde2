/* Figures of samples with any number of labels. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_multi_label__is_scikit_learns) {
    golden_metric("subset_accuracy");
    golden_metric("hamming_loss");
    golden_metric("label_ranking_average_precision");
}
