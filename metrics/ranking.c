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
        bool positive = o->kind == FV_ONE_CLASS ? o->labels[i] == c : o->truths[at];
        samples[i] = (fv_scored){ .score = o->probabilities[at], .sample = (uint64_t)i, .positive = positive };
    }
    fv_rank(samples, o->count);
}

/* Every (sample, class) as a decision of its own. */
static void rank_all(const fv_outcomes *o, fv_scored *samples) {
    for (int64_t at = 0; at < o->count * o->classes; at++) {
        int64_t i = at / o->classes;
        bool positive = o->kind == FV_ONE_CLASS ? o->labels[i] == at % o->classes : o->truths[at];
        samples[at] = (fv_scored){ .score = o->probabilities[at], .sample = (uint64_t)i, .positive = positive };
    }
    fv_rank(samples, o->count * o->classes);
}

/* ---- areas ---- */

/* What is ranked: one list of all decisions, the last class of two, or each class. */
typedef struct areas {
    const fv_area_options *options;
    fv_area area;
    bool all, binary;
    int64_t lists, length; /* of each */
    fv_scored *ranked;     /* the lists, one after the other, where they are kept */
} areas;

static areas areas_of(const fv_outcomes *o, fv_area area, const fv_area_options *options) {
    areas a = { .options = options, .area = area, .lists = 1, .length = o->count };
    a.binary = o->kind == FV_ONE_CLASS ? o->classes <= 2 : o->classes == 1;
    a.all = options->average == FV_AREA_MICRO && !a.binary;
    if (a.all) a.length = o->count * o->classes;
    if (!a.all && !a.binary) a.lists = o->classes;
    return a;
}

static void rank_list(const areas *a, const fv_outcomes *o, int64_t list, fv_scored *samples) {
    if (a->all)
        rank_all(o, samples);
    else
        rank_class(o, a->binary ? o->classes - 1 : list, samples);
}

/* A mean over lists in the making. */
typedef struct mean {
    double sum, weights;
} mean;

static void add_list(const areas *a, const fv_scored *ranked, const int64_t *times, mean *m) {
    int64_t support = 0, count = 0;
    for (int64_t i = 0; i < a->length; i++) {
        count += fv_times(&ranked[i], times);
        support += ranked[i].positive ? fv_times(&ranked[i], times) : 0;
    }
    if (a->options->skip_absent && (!support || support == count)) return;
    double weight = a->options->average == FV_AREA_WEIGHTED && !a->binary ? (double)support : 1;
    if (weight > 0) m->sum += weight * a->area(ranked, a->length, times);
    m->weights += weight;
}

/* Of lists that all weigh nothing it is the area of nothing, whatever a metric says that is. */
static double close_mean(const areas *a, const mean *m) {
    if (m->weights > 0) return m->sum / m->weights;
    return a->options->skip_absent ? NAN : a->area(NULL, 0, NULL);
}

fv_error *fv_area_of_classes(const fv_outcomes *o, fv_area area, const fv_area_options *options, fv_arena *scratch,
                             double *out) {
    areas a = areas_of(o, area, options);
    FV_TRY(fv_arena_take(scratch, a.length, &a.ranked));
    mean m = { 0 };
    for (int64_t list = 0; list < a.lists; list++) {
        rank_list(&a, o, list, a.ranked);
        add_list(&a, a.ranked, NULL, &m);
    }
    *out = close_mean(&a, &m);
    return NULL;
}

fv_error *fv_areas_prepare(const fv_outcomes *o, fv_area area, const fv_area_options *options, fv_arena *arena,
                           void **prepared) {
    areas *a = NULL;
    FV_TRY(fv_arena_take(arena, 1, &a));
    *a = areas_of(o, area, options);
    FV_TRY(fv_arena_take(arena, a->lists * a->length, &a->ranked));
    for (int64_t list = 0; list < a->lists; list++) rank_list(a, o, list, a->ranked + list * a->length);
    *prepared = a;
    return NULL;
}

double fv_areas_of_draw(const void *prepared, const int64_t *times) {
    const areas *a = prepared;
    mean m = { 0 };
    for (int64_t list = 0; list < a->lists; list++) add_list(a, a->ranked + list * a->length, times, &m);
    return close_mean(a, &m);
}

/* ---- curves ---- */

fv_error *fv_score_curve(const fv_outcomes *o, int64_t class_number, fv_curve_point *points, int64_t *points_count) {
    if (o->kind == FV_NUMBERS) return fv_fail(FV_USAGE, "a curve is of classes, not of numbers");
    if (class_number < 0 || class_number >= o->classes)
        return fv_fail(FV_USAGE, "there is no class %lld: there are %lld, from 0", (long long)class_number,
                       (long long)o->classes);
    FV_TRY(fv_outcomes_check_scored(o, "a curve"));
    FV_OWNED(fv_memory) block = NULL;
    FV_TRY(fv_memory_alloc(o->count, (int64_t)sizeof(fv_scored), &block));
    fv_scored *samples = block;
    rank_class(o, class_number, samples);
    double yes = 0, true_yes = 0, false_yes = 0;
    for (int64_t i = 0; i < o->count; i++) yes += samples[i].positive;
    double no = (double)o->count - yes;
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
