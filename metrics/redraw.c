/* shared: a metric of samples that are drawn again; see redraw.h. */
#include "metrics/redraw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"

#define RESAMPLES 1000
#define RESAMPLES_MAX 1000000
#define CONFIDENCE 0.95

fv_error *fv_bootstrap_options_check(const fv_bootstrap_options *options, fv_bootstrap_options *out) {
    *out = options ? *options : (fv_bootstrap_options){ 0 };
    if (!out->resamples) out->resamples = RESAMPLES;
    if (out->confidence == 0) out->confidence = CONFIDENCE;
    if (out->resamples >= 1 && out->resamples <= RESAMPLES_MAX && out->confidence > 0 && out->confidence < 1) return NULL;
    return fv_fail(FV_USAGE, "a bootstrap of %lld resamples at confidence %g: 1 to 1,000,000, and between 0 and 1",
                   (long long)out->resamples, out->confidence);
}

/* ---- who is drawn ---- */

/* A counting sort by class: within a group samples keep their order. */
fv_error *fv_draws_init(const fv_outcomes *o, uint64_t seed, fv_arena *arena, fv_draws *out) {
    *out = (fv_draws){ .seed = seed, .count = o->count, .groups = o->kind == FV_ONE_CLASS ? o->classes : 1 };
    FV_TRY(fv_arena_take(arena, o->count, &out->members));
    FV_TRY(fv_arena_take(arena, o->count, &out->drawn));
    FV_TRY(fv_arena_take(arena, out->groups + 1, &out->starts));
    int64_t *next = NULL;
    FV_TRY(fv_arena_take(arena, out->groups, &next));
    for (int64_t i = 0; i < o->count; i++) out->starts[1 + (o->kind == FV_ONE_CLASS ? o->labels[i] : 0)]++;
    for (int64_t g = 0; g < out->groups; g++) next[g] = out->starts[g + 1] += out->starts[g];
    for (int64_t i = o->count - 1; i >= 0; i--) out->members[--next[o->kind == FV_ONE_CLASS ? o->labels[i] : 0]] = i;
    return NULL;
}

void fv_draws_next(fv_draws *d, uint32_t number) {
    fv_random random = fv_random_at(d->seed, fv_random_stream("bootstrap"), number, 0);
    for (int64_t g = 0; g < d->groups; g++) {
        int64_t size = d->starts[g + 1] - d->starts[g];
        for (int64_t i = 0; i < size; i++)
            d->drawn[d->starts[g] + i] = d->members[d->starts[g] + fv_random_below(&random, size)];
    }
}

/* ---- what the metric says of them ---- */

/* What a draw needs of the samples: their answers, their ranks, or room for rows of whichever arrays there are. */
static fv_error *prepare(fv_redraw *r, fv_arena *arena) {
    const fv_outcomes *o = r->outcomes;
    if (o->kind == FV_ONE_CLASS && r->metric->of_confusion) {
        FV_TRY(fv_arena_take(arena, o->count, &r->answers));
        for (int64_t i = 0; i < o->count; i++) r->answers[i] = fv_outcomes_answer(o, i);
        return NULL;
    }
    if (r->metric->prepare) FV_TRY(r->metric->prepare(o, r->options, arena, &r->prepared));
    if (r->prepared) return fv_arena_take(arena, o->count, &r->times);
    r->copy = (fv_outcomes){ .count = r->count, .classes = o->classes, .kind = o->kind };
    if (o->probabilities) FV_TRY(fv_arena_take(arena, r->count * o->classes, (double **)&r->copy.probabilities));
    if (o->labels) FV_TRY(fv_arena_take(arena, r->count, (int64_t **)&r->copy.labels));
    if (o->truths) FV_TRY(fv_arena_take(arena, r->count * o->classes, (uint8_t **)&r->copy.truths));
    if (o->predicted) FV_TRY(fv_arena_take(arena, r->count, (double **)&r->copy.predicted));
    if (o->targets) FV_TRY(fv_arena_take(arena, r->count, (double **)&r->copy.targets));
    return NULL;
}

fv_error *fv_redraw_init(const char *metric, const fv_outcomes *outcomes, int64_t count, fv_arena *arena, fv_arena *scratch,
                         fv_redraw *out) {
    *out = (fv_redraw){ .outcomes = outcomes, .count = count, .scratch = scratch };
    FV_TRY(fv_metric_find(metric, outcomes->kind, arena, &out->metric, &out->options));
    FV_TRY(fv_metric_accepts(out->metric, outcomes));
    return prepare(out, arena);
}

static fv_error *measure_answers(fv_redraw *r, const int64_t *drawn, double *out) {
    const fv_outcomes *o = r->outcomes;
    fv_confusion confusion;
    int64_t *cells = NULL;
    FV_TRY(fv_confusion_new(o->classes, r->scratch, &confusion, &cells));
    for (int64_t i = 0; i < r->count; i++) cells[o->labels[drawn[i]] * o->classes + r->answers[drawn[i]]]++;
    fv_confusion_sum(&confusion);
    return r->metric->of_confusion(&confusion, r->options, out);
}

static double measure_times(fv_redraw *r, const int64_t *drawn) {
    memset(r->times, 0, (size_t)r->outcomes->count * sizeof *r->times);
    for (int64_t i = 0; i < r->count; i++) r->times[drawn[i]]++;
    return r->metric->of_draw(r->prepared, r->times);
}

static void copy_rows(const int64_t *drawn, int64_t count, const void *from, const void *to, int64_t bytes) {
    if (!from) return;
    for (int64_t i = 0; i < count; i++) memcpy((char *)to + i * bytes, (const char *)from + drawn[i] * bytes, (size_t)bytes);
}

static fv_error *measure_rows(fv_redraw *r, const int64_t *drawn, double *out) {
    const fv_outcomes *o = r->outcomes, *copy = &r->copy;
    copy_rows(drawn, r->count, o->probabilities, copy->probabilities, o->classes * 8);
    copy_rows(drawn, r->count, o->labels, copy->labels, 8);
    copy_rows(drawn, r->count, o->truths, copy->truths, o->classes);
    copy_rows(drawn, r->count, o->predicted, copy->predicted, 8);
    copy_rows(drawn, r->count, o->targets, copy->targets, 8);
    return fv_metric_run(r->metric, r->options, copy, r->scratch, out);
}

static fv_error *measure(fv_redraw *r, const int64_t *drawn, double *out) {
    if (r->answers) return measure_answers(r, drawn, out);
    if (!r->prepared) return measure_rows(r, drawn, out);
    *out = measure_times(r, drawn);
    return NULL;
}

fv_error *fv_redraw_measure(fv_redraw *r, const int64_t *drawn, double *out) {
    fv_arena_reset(r->scratch);
    return fv_error_wrap(measure(r, drawn, out), "metric %s", r->metric->name);
}

/* ---- intervals ---- */

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Between the two values around it, in proportion: numpy's default. */
static double quantile(const double *sorted, int64_t count, double share) {
    double place = share * (double)(count - 1), below = floor(place);
    int64_t i = (int64_t)below;
    return i + 1 < count ? sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]) : sorted[count - 1];
}

fv_interval fv_percentile_interval(double *values, int64_t count, double confidence) {
    qsort(values, (size_t)count, sizeof(double), by_size);
    if (values[0] == values[count - 1]) return (fv_interval){ NAN, NAN };
    return (fv_interval){ quantile(values, count, (1 - confidence) / 2), quantile(values, count, (1 + confidence) / 2) };
}
