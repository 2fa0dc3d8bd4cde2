/* Temperature scaling: scipy's minimum, and what cannot be fitted. */
#include <math.h>

#include "tests/metrics/golden.h"

static void check(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    fv_temperature t;
    const fv_outcomes *o = &data->outcomes;
    assert_int_equal(count, 3);
    FV_OK(fv_temperature_fit(data->logits, o->labels, o->count, o->classes, &t));
    assert_null(t.reason);
    golden_near(data, line, t.temperature, numbers[0], 1e-7); /* scipy finds the lowest value: to half of the digits */
    golden_near(data, line, t.loss_before, numbers[1], 1e-12);
    golden_near(data, line, t.loss_after, numbers[2], 1e-12);
}

FV_TEST(metrics_temperature__is_where_scipy_finds_the_lowest_loss) { golden_lines("temperature", check); }

FV_TEST(metrics_temperature__of_two_classes_is_the_closed_form) {
    /* Three of four right, each by 2: p must be 3/4, so 2/T = ln 3. */
    const float logits[] = { 2, 0, 2, 0, 0, 2, 2, 0 };
    const int64_t labels[] = { 0, 0, 1, 1 };
    fv_temperature t;
    FV_OK(fv_temperature_fit(logits, labels, 4, 2, &t));
    assert_true(fabs(t.temperature - 2 / log(3)) <= 1e-12);
    assert_true(t.loss_after < t.loss_before);
    assert_true(fabs(t.calibration_error_before - (1 / (1 + exp(-2)) - 0.75)) <= 1e-12);
    assert_true(t.calibration_error_after <= 1e-12);
}

static void stays(const float *logits, const int64_t *labels, int64_t count, const char *reason) {
    fv_temperature t;
    FV_OK(fv_temperature_fit(logits, labels, count, 2, &t));
    assert_true(t.temperature == 1);
    assert_non_null(t.reason);
    assert_non_null(strstr(t.reason, reason));
    assert_true(isnan(t.loss_after) ? count == 0 : t.loss_after == t.loss_before);
}

FV_TEST(metrics_temperature__stays_where_there_is_no_lowest_point) {
    const float apart[] = { 3, 0, 0, 3 }, equal[] = { 1, 1, 2, 2 }, far[] = { 1e30f, -1e30f, -1e30f, 1e30f };
    const int64_t right[] = { 0, 1 }, wrong[] = { 1, 0 };
    stays(apart, right, 2, "too many");
    stays(far, right, 2, "the same");
    stays(apart, wrong, 2, "hardly better than chance");
    stays(equal, right, 2, "the same");
    stays(apart, right, 0, "no samples");
}

FV_TEST(metrics_temperature__refuses_what_is_no_label_and_no_number) {
    const float logits[] = { 1, NAN };
    const int64_t fine[] = { 0 }, bad[] = { 2 };
    fv_temperature t;
    FV_FAILS(fv_temperature_fit(logits, bad, 1, 2, &t), FV_USAGE, "label 2");
    FV_FAILS(fv_temperature_fit(logits, fine, 1, 2, &t), FV_USAGE, "class 1 of sample 0");
}
