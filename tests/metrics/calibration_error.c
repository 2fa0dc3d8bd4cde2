/* Calibration errors and the bins behind them, by Guo et al.'s definition. */
#include <math.h>
#include <stdlib.h>

#include "tests/metrics/golden.h"

FV_TEST(metrics_calibration_error__is_guos) {
    golden_metric("expected_calibration_error");
    golden_metric("maximum_calibration_error");
}

static void check_bins(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    fv_reliability_bin bins[16];
    int64_t wanted = strtoll(line + strlen("reliability "), NULL, 10);
    assert_int_equal(wanted * 3, count);
    FV_OK(fv_reliability(&data->outcomes, wanted, bins));
    for (int64_t b = 0; b < wanted; b++) {
        assert_int_equal(bins[b].count, numbers[3 * b]);
        golden_near(data, line, bins[b].confidence, numbers[3 * b + 1], 1e-12);
        golden_near(data, line, bins[b].accuracy, numbers[3 * b + 2], 1e-12);
    }
}

FV_TEST(metrics_calibration_error__bins_hold_the_same_samples) { golden_lines("reliability", check_bins); }

FV_TEST(metrics_calibration_error__an_edge_belongs_to_the_bin_below) {
    for (int64_t bins = 1; bins <= 40; bins++)
        for (int64_t edge = 1; edge <= bins; edge++) {
            const double p[] = { (double)edge / (double)bins };
            const int64_t label[] = { 0 };
            fv_reliability_bin out[40];
            FV_OK(fv_reliability(&(fv_outcomes){ .count = 1, .classes = 1, .probabilities = p, .labels = label }, bins, out));
            assert_int_equal(out[edge - 1].count, 1);
        }
}
