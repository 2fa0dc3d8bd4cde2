/* Top-1 and top-k: scikit-learn's where no probabilities are equal, and the lowest class where they are. */
#include "tests/metrics/golden.h"

/* Five scores over three classes, some equal. */
static const double scores[] = { 0.2, 0.2, 0.6, 0.4, 0.4, 0.2, 0.5, 0.25, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.25 };
static const int64_t labels[] = { 0, 1, 1, 2, 1 };
static const fv_outcomes outcomes = { .count = 5, .classes = 3, .probabilities = scores, .labels = labels };

static double measure(const char *metric) {
    double value;
    FV_OK(fv_metric_measure(metric, &outcomes, &value));
    return value;
}

FV_TEST(metrics_top_k__is_scikit_learns) {
    golden_metric("top1");
    golden_metric("top_k");
}

FV_TEST(metrics_top_k__of_equal_classes_the_lowest_is_the_answer) {
    assert_true(measure("top1") == 0.4); /* not sample 1, whose class 0 is as probable as its own */
    assert_true(measure("top_k k=1") == 0.4);
    assert_true(measure("top_k k=2") == 1.0); /* sample 0: class 0 comes before class 1 */
}

FV_TEST(metrics_top_k__more_places_than_classes_is_all) { assert_true(measure("top_k") == 1.0); }
