/* shared: drivers.c - see drivers.h. */
#include "drift/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ranked {
    double rank, score;
    int64_t observation;
} ranked;

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->rank != y->rank) return x->rank > y->rank ? -1 : 1;
    return (x->observation > y->observation) - (x->observation < y->observation);
}

static void rank_series(const fv_drift_window *w, const fv_drift_finding *f, ranked *out) {
    int64_t column = fv_drift_window_find(w, f->on);
    double side = f->mean >= f->reference_mean ? 1 : -1;
    for (int64_t i = 0; i < w->n; i++) {
        out[i].score = column < 0 ? NAN : w->values[i * w->series_count + column];
        out[i].rank = isnan(out[i].score) ? -INFINITY : side * out[i].score;
    }
}

static double share_then(const fv_drift_profile *p, const char *name) {
    double total = 0, mine = 0;
    for (int64_t c = 0; c < p->classes.count; c++) {
        total += p->class_counts.at[c];
        if (!strcmp(p->classes.at[c], name)) mine = p->class_counts.at[c];
    }
    return total > 0 ? mine / total : 0;
}

static fv_error *rank_classes(const fv_drift_profile *p, const fv_drift_window *w, fv_arena *arena, ranked *out) {
    double *grown;
    FV_TRY(fv_arena_take(arena, w->class_count, &grown));
    for (int64_t i = 0; i < w->n; i++)
        if (w->classes[i] >= 0) grown[w->classes[i]] += 1 / (double)w->n;
    for (int64_t c = 0; c < w->class_count; c++) grown[c] -= share_then(p, w->class_names[c]);
    for (int64_t i = 0; i < w->n; i++) {
        out[i].score = w->classes[i] >= 0 ? grown[w->classes[i]] : NAN;
        out[i].rank = w->classes[i] >= 0 ? out[i].score : -INFINITY;
    }
    return NULL;
}

static fv_error *rank_features(const fv_drift_profile *p, const fv_drift_window *w, fv_arena *arena, ranked *out) {
    double *factor = NULL;
    for (int64_t i = 0; i < w->n; i++) out[i].score = NAN, out[i].rank = -INFINITY;
    for (int64_t k = 0; k < w->sketched; k++) {
        ranked *r = &out[w->sketch_of[k]];
        FV_TRY(fv_drift_profile_distance(p, w->sketches + k * w->columns, arena, &factor, &r->score));
        r->rank = r->score;
    }
    return NULL;
}

fv_error *fv_drift_drivers(const fv_drift_profile *profile, const fv_drift_window *w, const fv_drift_finding *f, int64_t most,
                           fv_arena *arena, fv_drift_driver **out, int64_t *count) {
    ranked *order;
    *count = 0;
    FV_TRY(fv_arena_take(arena, w->n, &order));
    FV_TRY(fv_arena_take(arena, most, out));
    if (!strcmp(f->on, FV_DRIFT_ON_CLASSES))
        FV_TRY(rank_classes(profile, w, arena, order));
    else if (!strcmp(f->on, FV_DRIFT_ON_FEATURES))
        FV_TRY(rank_features(profile, w, arena, order));
    else
        rank_series(w, f, order);
    for (int64_t i = 0; i < w->n; i++) order[i].observation = i;
    qsort(order, (size_t)w->n, sizeof *order, by_rank);
    for (int64_t i = 0; i < w->n && *count < most && order[i].rank > -INFINITY; i++) {
        int64_t at = order[i].observation;
        if (!w->sources[at]) continue;
        fv_drift_driver *d = &(*out)[(*count)++];
        *d = (fv_drift_driver){ .observation = at, .score = order[i].score };
        FV_TRY(fv_arena_text(arena, w->sources[at], &d->source));
        if (w->classes[at] >= 0) FV_TRY(fv_arena_text(arena, w->class_names[w->classes[at]], &d->label));
    }
    return NULL;
}
