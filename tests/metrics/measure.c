/* Metrics: the definitions of scikit-learn, worked out by hand. */
#include "fovea/metrics.h"

#include <math.h>

#include "tests/test.h"

/* Five scores over three classes, some equal. */
static const double scores[] = { 0.2, 0.2, 0.6, 0.4, 0.4, 0.2, 0.5, 0.25, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.25 };
static const int64_t labels[] = { 0, 1, 1, 2, 1 };
static const fv_outcomes outcomes = { 5, 3, scores, labels };

static double measure(const char *metric, const fv_outcomes *of) {
    double value;
    FV_OK(fv_metric_measure(metric, of, &value));
    return value;
}

FV_TEST(metrics_measure__of_equal_classes_the_lowest_is_the_answer) {
    assert_true(measure("top1", &outcomes) == 0.4); /* not sample 1, whose class 0 is as probable as its own */
    assert_true(measure("top_k k=1", &outcomes) == 0.4);
    assert_true(measure("top_k k=2", &outcomes) == 1.0); /* sample 0: class 0 comes before class 1 */
}

FV_TEST(metrics_measure__more_places_than_classes_is_all) { assert_true(measure("top_k", &outcomes) == 1.0); }

FV_TEST(metrics_measure__log_loss_is_the_mean_of_minus_log_p) {
    double sum = -(log(0.2) + log(0.4) + log(0.25) + log(0.5) + log(0.5));
    assert_true(fabs(measure("log_loss", &outcomes) - (sum / 5)) <= 1e-15);
}

FV_TEST(metrics_measure__a_certain_mistake_has_a_finite_log_loss) {
    const double certain[] = { 1, 0, 0, 1 };
    const int64_t wrong[] = { 1, 1 };
    assert_true(fabs(measure("log_loss", &(fv_outcomes){ 2, 2, certain, wrong }) - (-log(0x1p-52) / 2)) <= 1e-12);
}

FV_TEST(metrics_measure__no_number_is_never_found) {
    const double none[] = { NAN, NAN };
    const int64_t label[] = { 0 };
    assert_true(measure("top1", &(fv_outcomes){ 1, 2, none, label }) == 0);
}

FV_TEST(metrics_measure__of_no_samples_there_is_no_figure) {
    assert_true(isnan(measure("top1", &(fv_outcomes){ 0, 3, scores, labels })));
}

FV_TEST(metrics_measure__unknown_names_and_labels_are_refused) {
    double value;
    const int64_t bad[] = { 3 };
    FV_FAILS(fv_metric_measure("top_1", &outcomes, &value), FV_USAGE, "top_1");
    FV_FAILS(fv_metric_measure("top_k q=1", &outcomes, &value), FV_USAGE, "top_k");
    FV_FAILS(fv_metric_measure("top1", &(fv_outcomes){ 1, 3, scores, bad }, &value), FV_USAGE, "label 3");
}

FV_TEST(metrics_measure__softmax_is_exact_where_f32_is_not) {
    const float logits[] = { 1000, 1000 - 20, -1000 };
    double p[3];
    fv_softmax_row(logits, 3, p);
    assert_true(fabs(p[1] - (exp(-20) / (1 + exp(-20)))) <= 1e-24);
    assert_true(p[2] == 0);
    assert_true(fabs(p[0] + p[1] + p[2] - (1)) <= 1e-15);
}

FV_TEST(metrics_measure__the_best_classes_are_sorted_and_stable) {
    const double row[] = { 0.1, 0.3, 0.1, 0.3, 0.2 };
    const int64_t wanted[] = { 1, 3, 4, 0, 2 };
    int64_t top[5];
    for (int64_t k = 1; k <= 5; k++) {
        fv_top_classes(row, 5, k, top);
        assert_memory_equal(top, wanted, (size_t)k * sizeof *top);
    }
}
