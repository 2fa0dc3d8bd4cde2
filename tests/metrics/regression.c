/* Figures of numbers. */
#include "tests/metrics/golden.h"

FV_TEST(metrics_regression__is_scikit_learns) {
    golden_metric("mae");
    golden_metric("rmse");
    golden_metric("median_absolute_error");
    golden_metric("r2");
}

FV_TEST(metrics_regression__equal_targets_have_no_variance_whatever_their_mean_rounds_to) {
    const double tenths[] = { 0.1, 0.1, 0.1 }, others[] = { 0.1, 0.2, 0.1 };
    fv_outcomes o = { .count = 3, .kind = FV_NUMBERS, .predicted = others, .targets = tenths };
    double value;
    FV_OK(fv_metric_measure("r2", &o, &value));
    assert_true(value == 0);
}
