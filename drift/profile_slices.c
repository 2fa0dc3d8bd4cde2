/* shared: profile_slices.c - what a profile knows of single classes: the series of what was said to be of each, in fewer
 * quantiles than those of all. Of many classes the most frequent have it, so that a profile stays small. */
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "drift/profile.h"

#define POINTS FV_DRIFT_SLICE_POINTS

typedef struct candidate {
    const char *name;
    int64_t class, second; /* where it is; in the other profile, when two are merged; −1: it is not */
    double count;
} candidate;

static int by_count(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b) { return strcmp(((const candidate *)a)->name, ((const candidate *)b)->name); }

/* The most frequent, then by name. */
static int64_t choose(candidate *all, int64_t count) {
    qsort(all, (size_t)count, sizeof *all, by_count);
    int64_t kept = fv_min(count, FV_DRIFT_SLICES);
    while (kept && all[kept - 1].count < FV_DRIFT_SLICE_LEAST) kept--;
    qsort(all, (size_t)kept, sizeof *all, by_name);
    return kept;
}

/* Where the chosen ones are written. */
typedef struct place {
    const char **names;
    double *seen, *means, *quantiles;
} place;

static fv_error *take_place(fv_arena *arena, int64_t slices, int64_t series, fv_drift_profile *p, place *at) {
    int64_t count = slices * series;
    FV_TRY(fv_arena_take(arena, slices, &at->names));
    FV_TRY(fv_arena_take(arena, count, &at->seen));
    FV_TRY(fv_arena_take(arena, count, &at->means));
    FV_TRY(fv_arena_take(arena, count * POINTS, &at->quantiles));
    p->slices = (fv_strings){ slices, at->names };
    p->slice_seen = (fv_floats){ count, at->seen };
    p->slice_means = (fv_floats){ count, at->means };
    p->slice_quantiles = (fv_floats){ count * POINTS, at->quantiles };
    return NULL;
}

/* ---- of a window ---- */

static void measure(const fv_drift_window *w, int64_t class, int64_t s, double *sorted, const place *at, int64_t k) {
    int64_t n = fv_drift_window_sorted_of(w, s, class, sorted);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += sorted[i];
    at->seen[k] = (double)n;
    at->means[k] = n ? fv_drift_round(sum / (double)n) : 0;
    for (int64_t i = 0; n && i < POINTS; i++)
        at->quantiles[k * POINTS + i] = fv_drift_round(sorted[(2 * i + 1) * n / (2 * POINTS)]);
}

fv_error *fv_drift_make_slices(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *p) {
    candidate *all;
    double *sorted;
    place at;
    FV_TRY(fv_arena_take(arena, w->class_count, &all));
    FV_TRY(fv_arena_take(arena, w->n, &sorted));
    for (int64_t c = 0; c < w->class_count; c++) all[c] = (candidate){ .name = w->class_names[c], .class = c };
    for (int64_t i = 0; i < w->n; i++)
        if (w->classes[i] >= 0) all[w->classes[i]].count++;
    int64_t kept = choose(all, w->class_count);
    FV_TRY(take_place(arena, kept, w->series_count, p, &at));
    for (int64_t c = 0; c < kept; c++) {
        FV_TRY(fv_arena_text(arena, all[c].name, &at.names[c]));
        for (int64_t s = 0; s < w->series_count; s++) measure(w, all[c].class, s, sorted, &at, c * w->series_count + s);
    }
    return NULL;
}

/* ---- of two profiles ---- */

static int64_t find(const fv_strings *names, const char *name) {
    for (int64_t i = 0; i < names->count; i++)
        if (!strcmp(names->at[i], name)) return i;
    return -1;
}

static double largest(const fv_drift_profile *p, int64_t slice) {
    double most = 0;
    for (int64_t s = 0; slice >= 0 && s < p->series.count; s++)
        most = fmax(most, p->slice_seen.at[slice * p->series.count + s]);
    return most;
}

static void join(const fv_drift_profile *a, const fv_drift_profile *b, const candidate *c, int64_t s, const place *at,
                 int64_t k) {
    static const double none[POINTS];
    int64_t i = c->class * a->series.count + s, j = c->second * b->series.count + s;
    double n = c->class < 0 ? 0 : a->slice_seen.at[i], m = c->second < 0 ? 0 : b->slice_seen.at[j];
    double of_a = n > 0 ? n * a->slice_means.at[i] : 0, of_b = m > 0 ? m * b->slice_means.at[j] : 0;
    at->seen[k] = n + m;
    at->means[k] = n + m > 0 ? (of_a + of_b) / (n + m) : 0;
    fv_drift_join_quantiles(n > 0 ? a->slice_quantiles.at + i * POINTS : none, n,
                            m > 0 ? b->slice_quantiles.at + j * POINTS : none, m, POINTS, at->quantiles + k * POINTS);
}

fv_error *fv_drift_merge_slices(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    int64_t count = 0, series = a->series.count;
    candidate *all;
    place at;
    FV_TRY(fv_arena_take(arena, a->slices.count + b->slices.count, &all));
    for (int64_t i = 0; i < a->slices.count; i++)
        all[count++] = (candidate){ .name = a->slices.at[i], .class = i, .second = find(&b->slices, a->slices.at[i]) };
    for (int64_t j = 0; j < b->slices.count; j++)
        if (find(&a->slices, b->slices.at[j]) < 0)
            all[count++] = (candidate){ .name = b->slices.at[j], .class = -1, .second = j };
    for (int64_t c = 0; c < count; c++) all[c].count = largest(a, all[c].class) + largest(b, all[c].second);
    int64_t kept = choose(all, count);
    FV_TRY(take_place(arena, kept, series, out, &at));
    for (int64_t c = 0; c < kept; c++) {
        at.names[c] = all[c].name;
        for (int64_t s = 0; s < series; s++) join(a, b, &all[c], s, &at, c * series + s);
    }
    return NULL;
}

/* ---- as a profile ---- */

/* Each quantile comes as often as there are fewer of them, which changes no distribution. */
fv_error *fv_drift_profile_slice(const fv_drift_profile *p, const char *class, fv_arena *arena, fv_drift_profile *out,
                                 bool *known) {
    int64_t slice = find(&p->slices, class), series = p->series.count;
    double *quantiles;
    *known = slice >= 0;
    *out = (fv_drift_profile){ .version = 1 };
    if (!*known) return NULL;
    _Static_assert(FV_DRIFT_POINTS % POINTS == 0, "a slice's quantiles come equally often");
    FV_TRY(fv_arena_take(arena, series * FV_DRIFT_POINTS, &quantiles));
    for (int64_t k = 0; k < series * FV_DRIFT_POINTS; k++)
        quantiles[k] = p->slice_quantiles.at[slice * series * POINTS + k / (FV_DRIFT_POINTS / POINTS)];
    out->n = (int64_t)largest(p, slice);
    out->series = p->series;
    out->seen = (fv_floats){ series, p->slice_seen.at + slice * series };
    out->means = (fv_floats){ series, p->slice_means.at + slice * series };
    out->quantiles = (fv_floats){ series * FV_DRIFT_POINTS, quantiles };
    return NULL;
}
