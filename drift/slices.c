/* shared: slices.c - see slices.h. */
#include "drift/slices.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"

typedef struct row {
    const char *name;
    int64_t observation;
} row;

typedef struct span {
    int64_t first, count; /* of rows that have one name */
} span;

static int by_name(const void *a, const void *b) {
    const row *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->observation > y->observation) - (x->observation < y->observation);
}

static int by_size(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static int by_place(const void *a, const void *b) {
    const span *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static int64_t list_rows(const fv_drift_window *w, fv_drift_by by, row *rows) {
    int64_t count = 0;
    for (int64_t i = 0; i < w->n; i++) {
        const char *class = w->classes[i] < 0 ? NULL : w->class_names[w->classes[i]];
        const char *name = by == FV_DRIFT_BY_CLASS ? class : w->keys[i];
        if (name) rows[count++] = (row){ name, i };
    }
    qsort(rows, (size_t)count, sizeof *rows, by_name);
    return count;
}

/* The largest, in the order of their names; how many there are in all. */
static int64_t list_spans(const row *rows, int64_t count, span *spans) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i && !strcmp(rows[i].name, rows[i - 1].name))
            spans[found - 1].count++;
        else
            spans[found++] = (span){ i, 1 };
    }
    qsort(spans, (size_t)found, sizeof *spans, by_size);
    qsort(spans, (size_t)fv_min(found, FV_DRIFT_SLICES_MAX), sizeof *spans, by_place);
    return found;
}

static fv_error *judge(const fv_drift_profile *profile, const fv_drift_policy *policy, fv_drift_by by, fv_arena *arena,
                       fv_drift_slice *slice) {
    fv_drift_profile part;
    const fv_drift_profile *reference = profile;
    slice->known = true;
    if (by == FV_DRIFT_BY_CLASS) {
        FV_TRY(fv_drift_profile_slice(profile, slice->name, arena, &part, &slice->known));
        reference = &part;
    }
    slice->tested = slice->known && slice->window->n >= policy->least;
    FV_TRY(fv_drift_judge(reference, slice->window, policy, &slice->report));
    if (!slice->tested) slice->report.count = 0, slice->report.drift = false, slice->report.calm = true;
    return NULL;
}

static fv_error *judge_all(const fv_drift_profile *profile, const fv_drift_window *w, const fv_drift_policy *policy,
                           fv_drift_by by, fv_drift_slices *out) {
    fv_drift_report **reports;
    row *rows;
    span *spans;
    FV_TRY(fv_arena_take(out->arena, w->n, &rows));
    FV_TRY(fv_arena_take(out->arena, w->n, &spans));
    int64_t found = list_spans(rows, list_rows(w, by, rows), spans), count = fv_min(found, FV_DRIFT_SLICES_MAX);
    out->left_out = found - count;
    FV_TRY(fv_arena_take(out->arena, count, &out->at));
    FV_TRY(fv_arena_take(out->arena, count, &reports));
    for (int64_t s = 0; s < count; s++) {
        fv_drift_slice *slice = &out->at[out->count++];
        reports[s] = &slice->report;
        FV_TRY(fv_arena_text(out->arena, rows[spans[s].first].name, &slice->name));
        FV_TRY(fv_drift_window_new(w->series, w->series_count, &slice->window));
        for (int64_t k = 0; k < spans[s].count; k++)
            FV_TRY(fv_drift_window_copy(w, rows[spans[s].first + k].observation, slice->window));
        FV_TRY(judge(profile, policy, by, out->arena, slice));
    }
    return fv_drift_conclude(policy, reports, count);
}

fv_error *fv_drift_judge_slices(const fv_drift_profile *profile, const fv_drift_window *window, const fv_drift_policy *policy,
                                fv_drift_by by, fv_drift_slices *out) {
    fv_drift_policy of_slices = *policy;
    of_slices.least = policy->slice_least;
    *out = (fv_drift_slices){ 0 };
    if (by == FV_DRIFT_WHOLE) return NULL;
    FV_TRY(fv_arena_new("verdicts on slices", INT64_C(1) << 32, &out->arena));
    fv_error *error = judge_all(profile, window, &of_slices, by, out);
    if (error) fv_drift_slices_release(out);
    return error;
}

void fv_drift_slices_release(fv_drift_slices *slices) {
    for (int64_t s = 0; s < slices->count; s++) fv_drift_window_free(slices->at[s].window);
    fv_arena_free(slices->arena);
    *slices = (fv_drift_slices){ 0 };
}
