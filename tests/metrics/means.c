/* Means over seeds: Welch's and Student's tests against scipy, Holm's against statsmodels. */
#include <math.h>
#include <stdio.h>

#include "metrics/student.h"
#include "tests/metrics/golden.h"

static void check_means(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    long long first, second;
    double confidence;
    assert_int_equal(sscanf(line, "means %lld %lld %lf", &first, &second, &confidence), 3);
    assert_int_equal(count, first + second + 5);
    fv_mean a = fv_mean_of(numbers, first), b = fv_mean_of(numbers + first, second);
    fv_means_test test = fv_means_compare(&a, &b, confidence);
    const double *want = numbers + first + second;
    assert_true(test.pooled == (first == 1 || second == 1));
    golden_near(data, line, test.t, want[0], 1e-12);
    golden_near(data, line, test.degrees, want[1], 1e-12);
    golden_near(data, line, test.p, want[2], 1e-11);
    golden_near(data, line, test.interval.low, want[3], 1e-10);
    golden_near(data, line, test.interval.high, want[4], 1e-10);
}

FV_TEST(metrics_means__welchs_and_students_tests_are_scipys) { golden_lines("means", check_means); }

static void check_holm(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    double p[16];
    assert_in_range(count, 2, 32);
    memcpy(p, numbers, (size_t)count / 2 * sizeof *p);
    FV_OK(fv_holm_adjust(p, count / 2));
    for (int64_t i = 0; i < count / 2; i++) golden_near(data, line, p[i], numbers[count / 2 + i], 1e-12);
}

FV_TEST(metrics_means__holms_adjustment_is_statsmodels) { golden_lines("holm", check_holm); }

FV_TEST(metrics_means__a_test_that_is_none_does_not_count) {
    double p[] = { 0.02, NAN, 0.03 };
    FV_OK(fv_holm_adjust(p, 3));
    assert_true(fabs(p[0] - 0.04) < 1e-15 && isnan(p[1]) && fabs(p[2] - 0.04) < 1e-15);
}

FV_TEST(metrics_means__single_runs_and_runs_that_do_not_vary_have_no_test) {
    const double values[] = { 2, 2, 2 };
    fv_mean one = fv_mean_of(values, 1), same = fv_mean_of(values, 3), none = fv_mean_of(values, 0);
    assert_true(one.mean == 2 && isnan(one.sd) && same.sd == 0 && isnan(none.mean));
    assert_true(isnan(fv_means_compare(&one, &one, 0.95).p));
    assert_true(isnan(fv_means_compare(&same, &same, 0.95).p));
    assert_true(isnan(fv_means_compare(&none, &same, 0.95).p));
    assert_true(fv_means_compare(&one, &same, 0.95).difference == 0);
    assert_true(fv_mean_of((const double[]){ 0.9, 0.9, 0.9 }, 3).sd == 0);
}

FV_TEST(metrics_means__students_t_has_the_values_of_its_tables) {
    assert_true(fabs(fv_student_at(0.05, 1) - 12.706204736432095) < 1e-9);
    assert_true(fabs(fv_student_at(0.05, 30) - 2.042272456301238) < 1e-12);
    assert_true(fabs(fv_student_beyond(1.959963984540054, 1e7) - 0.05) < 1e-6);
    assert_true(fv_student_beyond(0, 3) == 1 && fv_student_beyond(INFINITY, 3) == 0);
}
