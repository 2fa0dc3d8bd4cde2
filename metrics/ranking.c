/* shared: samples ranked by their score for a class; curves and areas of them. */
#include "metrics/ranking.h"

#include <stdlib.h>

/* Equal scores may come in any order: whoever reads a ranking takes them together. */
static int by_score(const void *left, const void *right) {
    double a = ((const fv_scored *)left)->score, b = ((const fv_scored *)right)->score;
    return (a < b) - (a > b);
}

void fv_rank(fv_scored *samples, int64_t count) { qsort(samples, (size_t)count, sizeof *samples, by_score); }

/* Class `c` against the rest, ranked. */
static void rank_class(const fv_outcomes *o, int64_t c, fv_scored *samples) {
    for (int64_t i = 0; i < o->count; i++) {
        int64_t at = i * o->classes + c;
        samples[i] = (fv_scored){ o->probabilities[at], o->kind == FV_ONE_CLASS ? o->labels[i] == c : o->truths[at] };
    }
    fv_rank(samples, o->count);
}

/* ---- areas ---- */

/* Every (sample, class) as a decision of its own. */
static fv_error *area_of_all(const fv_outcomes *o, fv_area area, fv_arena *scratch, double *out) {
    fv_scored *samples = NULL;
    FV_TRY(fv_arena_take(scratch, o->count * o->classes, &samples));
    for (int64_t at = 0; at < o->count * o->classes; at++) {
        bool one_class = o->kind == FV_ONE_CLASS;
        samples[at].score = o->probabilities[at];
        samples[at].positive = one_class ? o->labels[at / o->classes] == at % o->classes : o->truths[at];
    }
    fv_rank(samples, o->count * o->classes);
    *out = area(samples, o->count * o->classes);
    return NULL;
}

static int64_t positives(const fv_scored *samples, int64_t count) {
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) n += samples[i].positive;
    return n;
}

fv_error *fv_area_of_classes(const fv_outcomes *o, fv_area area, const fv_area_options *options, fv_arena *scratch,
                             double *out) {
    bool binary = o->kind == FV_ONE_CLASS ? o->classes <= 2 : o->classes == 1;
    if (options->average == FV_AREA_MICRO && !binary) return area_of_all(o, area, scratch, out);
    fv_scored *samples = NULL;
    FV_TRY(fv_arena_take(scratch, o->count, &samples));
    double sum = 0, weights = 0;
    for (int64_t c = binary ? o->classes - 1 : 0; c < o->classes; c++) {
        rank_class(o, c, samples);
        int64_t support = positives(samples, o->count);
        bool absent = !support || support == o->count;
        if (absent && options->skip_absent) continue;
        double weight = options->average == FV_AREA_WEIGHTED && !binary ? (double)support : 1;
        if (weight > 0) sum += weight * area(samples, o->count);
        weights += weight;
    }
    *out = weights > 0 ? sum / weights : NAN;
    return NULL;
}

/* ---- curves ---- */

fv_error *fv_score_curve(const fv_outcomes *o, int64_t class_number, fv_curve_point *points, int64_t *points_count) {
    if (o->kind == FV_NUMBERS) return fv_fail(FV_USAGE, "a curve is of classes, not of numbers");
    if (class_number < 0 || class_number >= o->classes)
        return fv_fail(FV_USAGE, "there is no class %lld: there are %lld, from 0", (long long)class_number,
                       (long long)o->classes);
    FV_TRY(fv_outcomes_check(o));
    FV_OWNED(fv_memory) block = NULL;
    FV_TRY(fv_memory_alloc(o->count, (int64_t)sizeof(fv_scored), &block));
    fv_scored *samples = block;
    rank_class(o, class_number, samples);
    double yes = (double)positives(samples, o->count), no = (double)o->count - yes, true_yes = 0, false_yes = 0;
    points[0] = (fv_curve_point){ INFINITY, 0 / yes, 0 / no, 1 };
    *points_count = 1;
    for (int64_t i = 0; i < o->count; i++) {
        *(samples[i].positive ? &true_yes : &false_yes) += 1;
        if (i + 1 < o->count && samples[i + 1].score == samples[i].score) continue;
        points[(*points_count)++] =
            (fv_curve_point){ samples[i].score, true_yes / yes, false_yes / no, true_yes / (true_yes + false_yes) };
    }
    return NULL;
}
