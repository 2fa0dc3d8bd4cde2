/* The confusion matrix and what is read from it. */
#include <math.h>
#include <stdlib.h>

#include "tests/metrics/golden.h"

FV_TEST(metrics_confusion__rows_are_truth_and_of_equal_scores_the_lowest_class_is_the_answer) {
    const double scores[] = { 0.2, 0.5, 0.3, 0.4, 0.4, 0.2, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0.1, 0.1, 0.8, 0, 0, 1 };
    const int64_t labels[] = { 1, 1, 2, 0, 2 }, wanted[] = { 0, 0, 1, 1, 1, 0, 1, 0, 1 };
    const fv_outcomes outcomes = { .count = 5, .classes = 3, .probabilities = scores, .labels = labels };
    int64_t counts[9];
    double top1;
    FV_OK(fv_confusion_matrix(&outcomes, counts));
    assert_memory_equal(counts, wanted, sizeof wanted);
    FV_OK(fv_metric_measure("top1", &outcomes, &top1));
    assert_true(top1 == (double)(counts[0] + counts[4] + counts[8]) / 5);
}

/* "precision class=2 zero_division=skip" of outcomes: the same figure in the table of classes. */
static void check_class(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    const char *option = strstr(line, "class=");
    if (!option || data->outcomes.kind != FV_ONE_CLASS) return;
    assert_int_equal(count, 1);
    int64_t counts[16];
    fv_class_figures figures[4], *f = &figures[strtoll(option + strlen("class="), NULL, 10)];
    FV_OK(fv_confusion_matrix(&data->outcomes, counts));
    fv_per_class(counts, data->outcomes.classes, figures);
    golden_near(data, line, *line == 'p' ? f->precision : *line == 'r' ? f->recall : f->f1, *numbers, 1e-12);
}

FV_TEST(metrics_confusion__figures_of_classes_are_scikit_learns) {
    golden_lines("precision", check_class);
    golden_lines("recall", check_class);
    golden_lines("f1", check_class);
}

FV_TEST(metrics_confusion__the_most_confused_pairs_come_first) {
    const int64_t counts[] = { 5, 2, 0, 2, 9, 4, 0, 1, 0 };
    fv_confused_pair pairs[6];
    assert_int_equal(fv_most_confused(counts, 3, 6, pairs), 4);
    const int64_t wanted[][3] = { { 1, 2, 4 }, { 0, 1, 2 }, { 1, 0, 2 }, { 2, 1, 1 } };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pairs[i].truth, wanted[i][0]);
        assert_int_equal(pairs[i].answer, wanted[i][1]);
        assert_int_equal(pairs[i].count, wanted[i][2]);
    }
    assert_true(pairs[1].share == 2.0 / 7);
    assert_int_equal(fv_most_confused(counts, 3, 2, pairs), 2);
    assert_int_equal(pairs[1].truth, 0);
    assert_int_equal(fv_most_confused(counts, 3, 0, pairs), 0);
}
