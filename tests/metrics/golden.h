/* golden.h - figures of scikit-learn and scipy in tests/golden/metrics.txt (made by metrics.py beside it). */
#ifndef FV_TESTS_METRICS_GOLDEN_H
#define FV_TESTS_METRICS_GOLDEN_H

#include "fovea/metrics.h"
#include "tests/test.h"

/* What a line is about: outcomes, or logits with their labels. */
typedef struct golden_data {
    char name[64];
    fv_outcomes outcomes;
    float *logits;
    double *numbers[2];
    int64_t *labels;
    uint8_t *truths;
} golden_data;

/* Runs `check` on every line "WORD rest ; numbers" of the file; fails when there is none. `line` is all before the ';'; `data`
 * is what was read last (count 0 before the first). Returns how many lines there were. */
typedef void (*golden_check)(const golden_data *data, const char *line, const double *numbers, int64_t count);
int golden_lines(const char *word, golden_check check);

/* Every figure of the metric in the file: equal to 1e-12 of its size (and of 1), NaN for NaN. */
void golden_metric(const char *name);

/* Fails, naming data and line, when `got` is not `want`, NaN being NaN, to `tolerance` × max(1, |want|). */
void golden_near(const golden_data *data, const char *line, double got, double want, double tolerance);

#endif
