/* Points of ROC and precision-recall curves. */
#include <math.h>
#include <stdlib.h>

#include "tests/metrics/golden.h"

static void check_curve(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    fv_curve_point points[64];
    int64_t points_count;
    FV_OK(fv_score_curve(&data->outcomes, strtoll(line + strlen("curve "), NULL, 10), points, &points_count));
    assert_int_equal(points_count * 4, count);
    for (int64_t i = 0; i < points_count; i++) {
        if (i) golden_near(data, line, points[i].threshold, numbers[4 * i], 0);
        golden_near(data, line, points[i].true_positive_rate, numbers[4 * i + 1], 1e-12);
        golden_near(data, line, points[i].false_positive_rate, numbers[4 * i + 2], 1e-12);
        golden_near(data, line, points[i].precision, numbers[4 * i + 3], 1e-12);
    }
    assert_true(isinf(points[0].threshold));
}

FV_TEST(metrics_ranking__curves_are_scikit_learns) { golden_lines("curve", check_curve); }

FV_TEST(metrics_ranking__a_curve_of_no_class_is_refused) {
    const double p[] = { 0.5, 0.5 };
    const int64_t labels[] = { 1 };
    fv_curve_point points[2];
    int64_t count;
    FV_FAILS(
        fv_score_curve(&(fv_outcomes){ .count = 1, .classes = 2, .probabilities = p, .labels = labels }, 2, points, &count),
        FV_USAGE, "class 2");
    fv_outcomes numbers = { .count = 1, .kind = FV_NUMBERS, .predicted = p, .targets = p };
    FV_FAILS(fv_score_curve(&numbers, 0, points, &count), FV_USAGE, "numbers");
}
