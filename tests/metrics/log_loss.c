/* Cross-entropy of classes and of labels. */
#include <math.h>

#include "tests/metrics/golden.h"

FV_TEST(metrics_log_loss__is_scikit_learns) { golden_metric("log_loss"); }

FV_TEST(metrics_log_loss__of_a_certain_mistake_is_finite) {
    const double certain[] = { 1, 0, 0, 1 };
    const int64_t wrong[] = { 1, 1 };
    double value;
    FV_OK(fv_metric_measure("log_loss", &(fv_outcomes){ .count = 2, .classes = 2, .probabilities = certain, .labels = wrong },
                            &value));
    assert_true(fabs(value - (-log(0x1p-52) / 2)) <= 1e-12);
}
