/* Figures of samples with any number of labels. */
#include <math.h>

#include "tests/metrics/golden.h"

FV_TEST(metrics_multi_label__is_scikit_learns) {
    golden_metric("subset_accuracy");
    golden_metric("hamming_loss");
    golden_metric("label_ranking_average_precision");
}

static const double said[] = { 0.9, 0.2, 0.5, 0.1, 0.4, 0.75 };
static const uint8_t truths[] = { 1, 0, 1, 1, 0, 0 };
static const fv_outcomes three = { .kind = FV_MULTI_LABEL, .count = 3, .classes = 2, .probabilities = said, .truths = truths };

FV_TEST(metrics_multi_label__each_label_has_its_own_counts) {
    fv_class_figures f[2];
    FV_OK(fv_per_label(&three, 0.5, f)); /* label 0: yes yes no of true true false; label 1: no no yes of false true false */
    assert_int_equal(f[0].support, 2);
    assert_int_equal(f[0].answered, 2);
    assert_int_equal(f[0].right, 2);
    assert_true(f[0].precision == 1 && f[0].recall == 1 && f[0].f1 == 1);
    assert_int_equal(f[1].right, 0);
    assert_true(f[1].precision == 0 && f[1].recall == 0 && f[1].f1 == 0);
    FV_OK(fv_per_label(&three, 1, f));
    assert_true(isnan(f[1].precision) && f[1].recall == 0);
    fv_outcomes numbers = { .kind = FV_NUMBERS };
    FV_FAILS(fv_per_label(&numbers, 0.5, f), FV_USAGE, "several of them");
}

FV_TEST(metrics_multi_label__reliability_is_of_every_label) {
    fv_reliability_bin bins[2];
    FV_OK(fv_reliability(&three, 2, bins));
    assert_int_equal(bins[0].count, 4); /* 0.2, 0.5, 0.1, 0.4 */
    assert_int_equal(bins[1].count, 2);
    assert_true(fabs(bins[0].confidence - 0.3) < 1e-12 && bins[0].accuracy == 0.5);
    assert_true(bins[1].accuracy == 0.5);
    fv_outcomes numbers = { .kind = FV_NUMBERS };
    FV_FAILS(fv_reliability(&numbers, 2, bins), FV_USAGE, "not of numbers");
}
