/* Choosing and refusing metrics, and the steps from logits to ranked classes. */
#include <math.h>

#include "tests/metrics/golden.h"

/* Five scores over three classes, some equal. */
static const double scores[] = { 0.2, 0.2, 0.6, 0.4, 0.4, 0.2, 0.5, 0.25, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.25 };
static const int64_t labels[] = { 0, 1, 1, 2, 1 };
static const fv_outcomes outcomes = { .count = 5, .classes = 3, .probabilities = scores, .labels = labels };

FV_TEST(metrics_measure__of_no_samples_there_is_no_figure) {
    double value = 0;
    fv_outcomes none = outcomes;
    none.count = 0;
    FV_OK(fv_metric_measure("top1", &none, &value));
    assert_true(isnan(value));
    FV_OK(fv_metric_measure("roc_auc", &none, &value));
    assert_true(isnan(value));
}

FV_TEST(metrics_measure__unknown_names_and_options_are_refused) {
    double value;
    FV_FAILS(fv_metric_measure("top_1", &outcomes, &value), FV_USAGE, "top_1");
    FV_FAILS(fv_metric_measure("top_k q=1", &outcomes, &value), FV_USAGE, "top_k");
    FV_FAILS(fv_metric_measure("f1 class=3", &outcomes, &value), FV_USAGE, "class 3");
    FV_FAILS(fv_metric_measure("f1 average=samples", &outcomes, &value), FV_USAGE, "average=samples");
    FV_FAILS(fv_metric_measure("roc_auc multi_class=ovo average=micro", &outcomes, &value), FV_USAGE, "micro");
}

FV_TEST(metrics_measure__a_metric_of_another_kind_is_refused) {
    double value;
    FV_FAILS(fv_metric_measure("r2", &outcomes, &value), FV_USAGE,
             "the metric r2 is defined for numbers, not for one class a sample");
    FV_FAILS(fv_metric_measure("hamming_loss", &outcomes, &value), FV_USAGE, "several labels a sample");
    const double p[] = { 1 };
    fv_outcomes numbers = { .count = 1, .kind = FV_NUMBERS, .predicted = p, .targets = p };
    FV_FAILS(fv_metric_measure("f1", &numbers, &value), FV_USAGE, "one class a sample and for several labels a sample");
}

FV_TEST(metrics_measure__outcomes_that_make_no_sense_are_refused) {
    double value;
    const int64_t label[] = { 3 }, first[] = { 0 };
    const double none[] = { NAN, 0, 0 }, beyond[] = { 1.1, 0, 0 };
    const uint8_t truths[] = { 0, 2, 1 };
    FV_FAILS(
        fv_metric_measure("top1", &(fv_outcomes){ .count = 1, .classes = 3, .probabilities = scores, .labels = label }, &value),
        FV_USAGE, "label 3 of sample 0");
    FV_FAILS(
        fv_metric_measure("top1", &(fv_outcomes){ .count = 1, .classes = 3, .probabilities = none, .labels = first }, &value),
        FV_USAGE, "class 0 of sample 0");
    FV_FAILS(
        fv_metric_measure("f1", &(fv_outcomes){ .count = 1, .classes = 3, .probabilities = beyond, .labels = first }, &value),
        FV_USAGE, "1.1");
    fv_outcomes several = { .count = 1, .classes = 3, .kind = FV_MULTI_LABEL, .probabilities = scores, .truths = truths };
    FV_FAILS(fv_metric_measure("f1", &several, &value), FV_USAGE, "label 1 of sample 0");
    fv_outcomes numbers = { .count = 1, .kind = FV_NUMBERS, .predicted = none, .targets = scores };
    FV_FAILS(fv_metric_measure("mae", &numbers, &value), FV_USAGE, "sample 0");
}

FV_TEST(metrics_measure__what_it_would_refuse_is_known_beforehand) {
    FV_OK(fv_metric_check("f1 class=2", FV_ONE_CLASS, 3));
    FV_OK(fv_metric_check("f1 average=samples", FV_MULTI_LABEL, 3));
    FV_OK(fv_metric_check("rmse", FV_NUMBERS, 0));
    FV_FAILS(fv_metric_check("f1 class=3", FV_ONE_CLASS, 3), FV_USAGE, "class 3");
    FV_FAILS(fv_metric_check("f1 average=samples", FV_ONE_CLASS, 3), FV_USAGE, "samples");
    FV_FAILS(fv_metric_check("f2", FV_ONE_CLASS, 3), FV_USAGE, "f2");
    FV_FAILS(fv_metric_check("mae", FV_ONE_CLASS, 3), FV_USAGE, "mae");
}

FV_TEST(metrics_measure__softmax_is_exact_where_f32_is_not) {
    const float logits[] = { 1000, 1000 - 20, -1000 };
    double p[3];
    fv_softmax_row(logits, 3, p);
    assert_true(fabs(p[1] - (exp(-20) / (1 + exp(-20)))) <= 1e-24);
    assert_true(p[2] == 0);
    assert_true(fabs(p[0] + p[1] + p[2] - (1)) <= 1e-15);
}

FV_TEST(metrics_measure__a_temperature_divides_the_logits) {
    const float logits[] = { 1, 3 }, halved[] = { 0.5f, 1.5f };
    double p[2], q[2];
    fv_softmax_row_at(logits, 2, 2, p);
    fv_softmax_row(halved, 2, q);
    assert_memory_equal(p, q, sizeof p);
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

FV_TEST(metrics_measure__answers_alone_do_for_what_looks_at_no_probability) {
    const double p[] = { 0.6, 0.4, 0.3, 0.7, 0.8, 0.2 };
    const int64_t labels[] = { 0, 1, 1 }, answers[] = { 0, 1, 0 }, none[] = { 0, 2, 0 };
    fv_outcomes scored = { .count = 3, .classes = 2, .probabilities = p, .labels = labels }, answered = scored, wrong;
    answered.probabilities = NULL, answered.answers = answers;
    wrong = answered, wrong.answers = none;
    double first, second;
    int64_t counts[4];
    fv_curve_point points[4];
    for (int i = 0; i < 4; i++) {
        const char *metric = ((const char *[]){ "top1", "f1", "cohen_kappa", "matthews" })[i];
        assert_true(fv_metric_of_answers(metric));
        FV_OK(fv_metric_measure(metric, &scored, &first));
        FV_OK(fv_metric_measure(metric, &answered, &second));
        assert_true(first == second);
    }
    FV_OK(fv_confusion_matrix(&answered, counts));
    assert_true(counts[0] == 1 && counts[1] == 0 && counts[2] == 1 && counts[3] == 1);
    FV_FAILS(fv_metric_measure("log_loss", &answered, &first), FV_USAGE, "log_loss needs the probability of every class");
    FV_FAILS(fv_score_curve(&answered, 0, points, counts), FV_USAGE, "a curve");
    FV_FAILS(fv_metric_measure("top1", &wrong, &first), FV_USAGE, "answer 2 of sample 1");
    assert_true(!fv_metric_of_answers("log_loss") && fv_metric_is_better_lower("log_loss") && !fv_metric_is_better_lower("f1"));
}
