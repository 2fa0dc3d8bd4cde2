/* shared: choosing a metric by text, and the steps from logits to ranked classes that metrics and predictions have in common.
 */
#include <math.h>
#include <string.h>

#include "metrics/metric.h"

static const fv_part *at(int index) { return &fv_metric_table[index]->part; }

fv_error *fv_metric_measure(const char *text, const fv_outcomes *outcomes, double *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the options of a metric", 1 << 16, &arena));
    const fv_parts metrics = { .kind = "metric", .count = fv_metric_table_count, .at = at };
    int index;
    void *options;
    FV_TRY(fv_part_parse(&metrics, text, arena, &index, &options));
    for (int64_t i = 0; i < outcomes->count; i++)
        if (outcomes->labels[i] < 0 || outcomes->labels[i] >= outcomes->classes)
            return fv_fail(FV_USAGE, "label %lld of sample %lld is none of %lld classes", (long long)outcomes->labels[i],
                           (long long)i, (long long)outcomes->classes);
    *out = outcomes->count ? fv_metric_table[index]->measure(outcomes, options) : NAN;
    return NULL;
}

void fv_softmax_row(const float *logits, int64_t classes, double *probabilities) {
    double largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++) largest = fmax(largest, logits[c]);
    for (int64_t c = 0; c < classes; c++) sum += probabilities[c] = exp(logits[c] - largest);
    for (int64_t c = 0; c < classes; c++) probabilities[c] /= sum;
}

/* Insertion into a sorted list of k: a strict comparison keeps the lower class in front of an equal one. */
void fv_top_classes(const double *probabilities, int64_t classes, int64_t k, int64_t *top) {
    int64_t held = 0;
    for (int64_t c = 0; c < classes; c++) {
        int64_t at = held;
        while (at > 0 && probabilities[c] > probabilities[top[at - 1]]) at--;
        if (at >= k) continue;
        held += held < k;
        for (int64_t j = held - 1; j > at; j--) top[j] = top[j - 1];
        top[at] = c;
    }
}
