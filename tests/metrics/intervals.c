/* Intervals: Wilson's against scipy, the bootstrap against what is known of it. */
#include <math.h>
#include <stdio.h>

#include "tests/metrics/golden.h"

static void check_wilson(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    long long successes, of;
    double confidence;
    assert_int_equal(sscanf(line, "wilson %lld %lld %lf", &successes, &of, &confidence), 3);
    assert_int_equal(count, 2);
    fv_interval interval = fv_wilson_interval(successes, of, confidence);
    golden_near(data, line, interval.low, numbers[0], 1e-12);
    golden_near(data, line, interval.high, numbers[1], 1e-12);
}

FV_TEST(metrics_intervals__wilsons_is_scipys) {
    golden_lines("wilson", check_wilson);
    assert_true(isnan(fv_wilson_interval(0, 0, 0.95).low));
}

/* Two classes of 100: 80 of the first right, 90 of the second. */
static fv_outcomes halves(double *probabilities, int64_t *labels) {
    for (int64_t i = 0; i < 200; i++) {
        labels[i] = i >= 100;
        double own = i % 100 < (labels[i] ? 90 : 80) ? 0.75 : 0.25;
        probabilities[2 * i + labels[i]] = own;
        probabilities[2 * i + 1 - labels[i]] = 1 - own;
    }
    return (fv_outcomes){ .count = 200, .classes = 2, .probabilities = probabilities, .labels = labels };
}

FV_TEST(metrics_intervals__a_bootstrap_of_recalls_is_as_wide_as_binomials_make_it) {
    double probabilities[400], sigma = sqrt((0.8 * 0.2 + 0.9 * 0.1) / 100) / 2;
    int64_t labels[200];
    fv_outcomes outcomes = halves(probabilities, labels);
    fv_interval interval;
    FV_OK(fv_bootstrap_interval("balanced_accuracy", &outcomes, &(fv_bootstrap_options){ .resamples = 20000 }, &interval));
    assert_true(fabs(interval.low - (0.85 - 1.96 * sigma)) < 0.004);
    assert_true(fabs(interval.high - (0.85 + 1.96 * sigma)) < 0.004);
    FV_OK(fv_bootstrap_interval("balanced_accuracy", &outcomes,
                                &(fv_bootstrap_options){ .resamples = 20000, .confidence = 0.6827 }, &interval));
    assert_true(fabs(interval.high - interval.low - 2 * sigma) < 0.004);
}

FV_TEST(metrics_intervals__rows_and_answers_are_drawn_alike) {
    double probabilities[400];
    int64_t labels[200];
    fv_outcomes outcomes = halves(probabilities, labels);
    fv_interval by_answers, by_rows, again, other;
    FV_OK(fv_bootstrap_interval("f1 average=micro", &outcomes, NULL, &by_answers));
    FV_OK(fv_bootstrap_interval("top_k k=1", &outcomes, NULL, &by_rows));
    assert_memory_equal(&by_answers, &by_rows, sizeof by_rows);
    FV_OK(fv_bootstrap_interval("log_loss", &outcomes, &(fv_bootstrap_options){ .seed = 7 }, &by_rows));
    FV_OK(fv_bootstrap_interval("log_loss", &outcomes, &(fv_bootstrap_options){ .seed = 7 }, &again));
    FV_OK(fv_bootstrap_interval("log_loss", &outcomes, &(fv_bootstrap_options){ .seed = 8 }, &other));
    assert_memory_equal(&again, &by_rows, sizeof by_rows);
    assert_memory_not_equal(&other, &by_rows, sizeof by_rows);
}

/* Two classes with a third that has no samples: the mean over pairs, drawn by rows, is the mean over classes, drawn by ranks.
 */
FV_TEST(metrics_intervals__rows_and_ranks_are_drawn_alike) {
    double probabilities[180];
    int64_t labels[60];
    for (int64_t i = 0; i < 60; i++) {
        labels[i] = i % 2;
        double p = (double)((7 * i + 3 * labels[i]) % 16) / 16;
        probabilities[3 * i] = p / 2, probabilities[3 * i + 1] = (1 - p) / 2, probabilities[3 * i + 2] = 0.5;
    }
    fv_outcomes outcomes = { .count = 60, .classes = 3, .probabilities = probabilities, .labels = labels };
    fv_interval by_rows, by_ranks;
    FV_OK(fv_bootstrap_interval("roc_auc multi_class=ovo", &outcomes, NULL, &by_rows));
    FV_OK(fv_bootstrap_interval("roc_auc skip_absent=true", &outcomes, NULL, &by_ranks));
    assert_true(by_rows.low < by_rows.high);
    assert_memory_equal(&by_rows, &by_ranks, sizeof by_rows);
}

/* A class of one sample, which is right: without its class's place in every draw recalls of one half would be seen. */
FV_TEST(metrics_intervals__sizes_of_classes_are_kept) {
    double probabilities[102];
    int64_t labels[51] = { 0 };
    for (int64_t i = 0; i < 51; i++) probabilities[2 * i] = i % 2, probabilities[2 * i + 1] = 1 - i % 2;
    labels[50] = 1;
    fv_outcomes outcomes = { .count = 51, .classes = 2, .probabilities = probabilities, .labels = labels };
    fv_interval interval;
    FV_OK(fv_bootstrap_interval("balanced_accuracy", &outcomes, NULL, &interval));
    assert_true(interval.low > 0.65 && interval.high < 0.85);
}

FV_TEST(metrics_intervals__draws_that_all_agree_say_nothing) {
    const double p[] = { 1, 0, 0, 1 };
    const int64_t labels[] = { 0, 1 };
    fv_interval interval;
    fv_outcomes perfect = { .count = 2, .classes = 2, .probabilities = p, .labels = labels };
    FV_OK(fv_bootstrap_interval("balanced_accuracy", &perfect, NULL, &interval));
    assert_true(isnan(interval.low) && isnan(interval.high));
}

FV_TEST(metrics_intervals__labels_and_numbers_are_drawn_too) {
    const double p[] = { 0.9, 0.2, 0.6, 0.7, 0.1, 0.4, 0.3, 0.8 };
    const uint8_t truths[] = { 1, 0, 1, 1, 0, 1, 0, 1 };
    fv_outcomes several = { .count = 4, .classes = 2, .kind = FV_MULTI_LABEL, .probabilities = p, .truths = truths };
    fv_outcomes numbers = { .count = 4, .kind = FV_NUMBERS, .predicted = p, .targets = p + 4 };
    fv_interval interval;
    double value;
    FV_OK(fv_metric_measure("hamming_loss", &several, &value));
    FV_OK(fv_bootstrap_interval("hamming_loss", &several, NULL, &interval));
    assert_true(interval.low <= value && value <= interval.high && interval.low < interval.high);
    FV_OK(fv_metric_measure("mae", &numbers, &value));
    FV_OK(fv_bootstrap_interval("mae", &numbers, NULL, &interval));
    assert_true(interval.low <= value && value <= interval.high && interval.low < interval.high);
}

FV_TEST(metrics_intervals__undefined_figures_have_undefined_intervals) {
    const double p[] = { 0.5, 0.5, 0.25, 0.75 };
    const int64_t labels[] = { 1, 1 };
    fv_interval interval;
    FV_OK(fv_bootstrap_interval("roc_auc", &(fv_outcomes){ .count = 2, .classes = 2, .probabilities = p, .labels = labels },
                                NULL, &interval));
    assert_true(isnan(interval.low) && isnan(interval.high));
    FV_FAILS(fv_bootstrap_interval("roc_auc", &(fv_outcomes){ .count = 2, .classes = 2, .probabilities = p, .labels = labels },
                                   &(fv_bootstrap_options){ .confidence = 95 }, &interval),
             FV_USAGE, "between 0 and 1");
}
