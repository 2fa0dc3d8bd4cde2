/* shared: choosing a metric by text, checking outcomes, and the steps from logits to ranked classes that metrics and
 * predictions have in common. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "metrics/metric.h"

#define ROUNDING 1e-9 /* that a mean of probabilities may be beyond 1 */

static const fv_part *at(int index) { return &fv_metric_table[index]->part; }

/* ---- choosing ---- */

static const char *const kind_names[] = { "one class a sample", "several labels a sample", "numbers" };

fv_error *fv_metric_find(const char *text, fv_outcome_kind kind, fv_arena *arena, const fv_metric **metric,
                         const void **options) {
    const fv_parts metrics = { .kind = "metric", .count = fv_metric_table_count, .at = at };
    int index;
    void *parsed = NULL;
    FV_TRY(fv_part_parse(&metrics, text, arena, &index, &parsed));
    *metric = fv_metric_table[index];
    *options = parsed;
    if ((*metric)->kinds & FV_KIND(kind)) return NULL;
    FV_TEXT(kinds, 256);
    for (int k = FV_ONE_CLASS; k <= FV_NUMBERS; k++)
        if ((*metric)->kinds & FV_KIND(k)) fv_text_addf(&kinds, "%s%s", kinds.length ? " and for " : "", kind_names[k]);
    return fv_fail(FV_USAGE, "the metric %s is defined for %s, not for %s", (*metric)->name, kinds.at, kind_names[kind]);
}

static const fv_metric *find_named(const char *text) {
    size_t length = strcspn(text, " ");
    for (int i = 0; i < fv_metric_table_count; i++) {
        const fv_metric *metric = fv_metric_table[i];
        if (strlen(metric->name) == length && !strncmp(metric->name, text, length)) return metric;
    }
    return NULL;
}

const char *fv_metric_undefined(const char *text) {
    const fv_metric *metric = find_named(text);
    return metric ? metric->undefined : NULL;
}

bool fv_metric_is_better_lower(const char *text) {
    const fv_metric *metric = find_named(text);
    return metric && metric->lower_is_better;
}

bool fv_metric_of_answers(const char *text) {
    const fv_metric *metric = find_named(text);
    return metric && metric->of_confusion;
}

/* ---- outcomes ---- */

static fv_error *check_classes(const fv_outcomes *o, const int64_t *classes, const char *what) {
    for (int64_t i = 0; i < o->count; i++)
        if (classes[i] < 0 || classes[i] >= o->classes)
            return fv_fail(FV_USAGE, "%s %lld of sample %lld is none of %lld classes", what, (long long)classes[i],
                           (long long)i, (long long)o->classes);
    return NULL;
}

static fv_error *check_truths(const fv_outcomes *o) {
    for (int64_t i = 0; i < o->count * o->classes; i++)
        if (o->truths[i] > 1)
            return fv_fail(FV_USAGE, "the truth of label %lld of sample %lld is %d, not 0 or 1", (long long)(i % o->classes),
                           (long long)(i / o->classes), o->truths[i]);
    return NULL;
}

static fv_error *check_probabilities(const fv_outcomes *o) {
    for (int64_t i = 0; i < o->count * o->classes; i++)
        if (!(o->probabilities[i] >= 0 && o->probabilities[i] <= 1 + ROUNDING))
            return fv_fail(FV_USAGE, "the probability of class %lld of sample %lld is %g, which is not in 0…1",
                           (long long)(i % o->classes), (long long)(i / o->classes), o->probabilities[i]);
    return NULL;
}

static fv_error *check_numbers(const fv_outcomes *o) {
    for (int64_t i = 0; i < o->count; i++)
        if (!isfinite(o->predicted[i]) || !isfinite(o->targets[i]))
            return fv_fail(FV_USAGE, "sample %lld is predicted as %g, and %g is true: both must be finite", (long long)i,
                           o->predicted[i], o->targets[i]);
    return NULL;
}

fv_error *fv_outcomes_check(const fv_outcomes *o) {
    if (o->kind == FV_NUMBERS) return check_numbers(o);
    FV_TRY(o->kind == FV_ONE_CLASS ? check_classes(o, o->labels, "label") : check_truths(o));
    return o->answers ? check_classes(o, o->answers, "answer") : check_probabilities(o);
}

fv_error *fv_outcomes_check_scored(const fv_outcomes *o, const char *what) {
    if (o->answers) return fv_fail(FV_USAGE, "%s needs the probability of every class, and only answers are known", what);
    return fv_outcomes_check(o);
}

fv_error *fv_metric_accepts(const fv_metric *metric, const fv_outcomes *o) {
    return metric->of_confusion ? fv_outcomes_check(o) : fv_outcomes_check_scored(o, metric->name);
}

/* ---- measuring ---- */

fv_error *fv_metric_scratch(const fv_outcomes *o, fv_arena **out) {
    int64_t cells, pairs, bytes;
    if (!fv_size_mul(o->count, o->classes + 8, &cells) || !fv_size_mul(o->classes, o->classes + 8, &pairs) ||
        !fv_size_add(cells, pairs, &cells) || !fv_size_mul(cells, 64, &bytes) || !fv_size_add(bytes, 1 << 20, &bytes))
        return fv_fail(FV_MEMORY, "%lld samples of %lld classes are too many to measure", (long long)o->count,
                       (long long)o->classes);
    return fv_arena_new("the work of a metric", bytes, out);
}

/* The answers of the most probable classes, counted. */
static fv_error *count_answers(const fv_outcomes *o, fv_arena *arena, fv_confusion *out) {
    int64_t *cells = NULL;
    FV_TRY(fv_confusion_new(o->classes, arena, out, &cells));
    for (int64_t i = 0; i < o->count; i++) cells[o->labels[i] * o->classes + fv_outcomes_answer(o, i)]++;
    fv_confusion_sum(out);
    return NULL;
}

fv_error *fv_metric_run(const fv_metric *metric, const void *options, const fv_outcomes *o, fv_arena *scratch, double *out) {
    *out = NAN;
    if (!o->count) return NULL;
    if (o->kind != FV_ONE_CLASS || !metric->of_confusion) return metric->measure(o, options, scratch, out);
    fv_confusion confusion;
    FV_TRY(count_answers(o, scratch, &confusion));
    return metric->of_confusion(&confusion, options, out);
}

fv_error *fv_metric_measure(const char *text, const fv_outcomes *outcomes, double *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_metric_scratch(outcomes, &arena));
    const fv_metric *metric;
    const void *options;
    FV_TRY(fv_metric_find(text, outcomes->kind, arena, &metric, &options));
    FV_TRY(fv_metric_accepts(metric, outcomes));
    return fv_error_wrap(fv_metric_run(metric, options, outcomes, arena, out), "metric %s", metric->name);
}

/* Measured on one sample: no option that a metric refuses later gets through. */
fv_error *fv_metric_check(const char *text, fv_outcome_kind kind, int64_t classes) {
    FV_OWNED(fv_memory) block = NULL;
    FV_TRY(fv_memory_alloc(classes + 1, 8 + 1, &block));
    const int64_t label = 0;
    double number = 0;
    fv_outcomes one = { .kind = kind, .count = 1, .labels = &label, .predicted = &number, .targets = &number };
    if (kind != FV_NUMBERS) {
        one.classes = classes;
        one.probabilities = block;
        one.truths = (const uint8_t *)(one.probabilities + classes + 1);
    }
    return fv_metric_measure(text, &one, &number);
}

/* ---- rows ---- */

void fv_softmax_row_at(const float *logits, int64_t classes, double temperature, double *probabilities) {
    double largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++) largest = fmax(largest, logits[c]);
    for (int64_t c = 0; c < classes; c++) sum += probabilities[c] = exp((logits[c] - largest) / temperature);
    for (int64_t c = 0; c < classes; c++) probabilities[c] /= sum;
}

void fv_softmax_row(const float *logits, int64_t classes, double *probabilities) {
    fv_softmax_row_at(logits, classes, 1, probabilities);
}

void fv_sigmoid_row(const float *logits, int64_t labels, double *probabilities) {
    for (int64_t c = 0; c < labels; c++) probabilities[c] = 1 / (1 + exp(-(double)logits[c]));
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

int64_t fv_answer(const double *probabilities, int64_t classes) {
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++)
        if (probabilities[c] > probabilities[best]) best = c;
    return best;
}

int64_t fv_outcomes_answer(const fv_outcomes *o, int64_t i) {
    return o->answers ? o->answers[i] : fv_answer(o->probabilities + i * o->classes, o->classes);
}
