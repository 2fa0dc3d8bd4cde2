/* drift_sheet.c - see drift_sheet.h. */
#include "cli/drift_sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/contact_sheet.h"
#include "core/base/file.h"
#include "data/image.h"

#define PICTURES 32
#define CELL 112

typedef struct ranked {
    double score;
    int64_t observation;
} ranked;

static int by_score(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->observation > y->observation) - (x->observation < y->observation);
}

/* How far beyond its threshold, in thresholds. */
static double strength(const fv_drift_finding *f) {
    double nothing = !strcmp(f->on, FV_DRIFT_ON_FEATURES) ? 0.5 : 0;
    return (f->drift ? 1000 : 0) + (f->value - nothing) / fmax(f->threshold - nothing, 1e-9);
}

static const fv_drift_finding *strongest(const fv_drift_report *r) {
    const fv_drift_finding *best = NULL;
    for (int64_t i = 0; i < r->count; i++)
        if (!best || strength(&r->findings[i]) > strength(best)) best = &r->findings[i];
    return best;
}

/* ---- scores ---- */

static void score_series(const fv_drift_window *w, const fv_drift_finding *f, ranked *out) {
    int64_t column = fv_drift_window_find(w, f->on);
    double side = f->mean >= f->reference_mean ? 1 : -1;
    for (int64_t i = 0; i < w->n; i++) {
        double value = w->values[i * w->series_count + column];
        out[i].score = isnan(value) ? -INFINITY : side * value;
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

static fv_error *score_classes(const fv_drift_profile *p, const fv_drift_window *w, fv_arena *arena, ranked *out) {
    double *grown;
    FV_TRY(fv_arena_take(arena, w->class_count, &grown));
    for (int64_t i = 0; i < w->n; i++)
        if (w->classes[i] >= 0) grown[w->classes[i]] += 1 / (double)w->n;
    for (int64_t c = 0; c < w->class_count; c++) grown[c] -= share_then(p, w->class_names[c]);
    for (int64_t i = 0; i < w->n; i++) out[i].score = w->classes[i] >= 0 ? grown[w->classes[i]] : -1;
    return NULL;
}

static fv_error *score_features(const fv_drift_profile *p, const fv_drift_window *w, fv_arena *arena, ranked *out) {
    double *factor = NULL;
    for (int64_t i = 0; i < w->n; i++) out[i].score = -1;
    for (int64_t k = 0; k < w->sketched; k++)
        FV_TRY(fv_drift_profile_distance(p, w->sketches + k * w->columns, arena, &factor, &out[w->sketch_of[k]].score));
    return NULL;
}

/* ---- the sheet ---- */

static fv_error *add_picture(const fv_drift_window *w, const ranked *r, const fv_drift_finding *f, fv_contact_sheet *sheet) {
    FV_IMAGE(image);
    char caption[256];
    const char *source = w->sources[r->observation];
    if (!source || fv_file_kind_of(source) != FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_image_decode_file(source, &(fv_decode_options){ 0 }, &image));
    int64_t class = w->classes[r->observation];
    if (!strcmp(f->on, FV_DRIFT_ON_CLASSES))
        snprintf(caption, sizeof caption, "%s", w->class_names[class]);
    else
        snprintf(caption, sizeof caption, "%.4g\n%s", fabs(r->score), class >= 0 ? w->class_names[class] : "");
    return fv_contact_sheet_add(sheet, &image, caption, FV_TONE_PLAIN);
}

static fv_error *write_sheet(const fv_drift_window *w, const ranked *order, const fv_drift_finding *f, fv_arena *arena,
                             const char *path) {
    fv_contact_sheet sheet = { .arena = arena, .cell = CELL };
    char title[256];
    for (int64_t i = 0; i < w->n && sheet.count < PICTURES; i++) FV_TRY(add_picture(w, &order[i], f, &sheet));
    if (!sheet.count)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "none of the pictures is a file any more"),
                             "--sheet is for pictures that are still there");
    snprintf(title, sizeof title, "%s: %s %.3f, threshold %.2f", f->on, f->name, f->value, f->threshold);
    return fv_contact_sheet_write(&sheet, title, 8, path);
}

fv_error *fv_drift_sheet(const fv_drift_profile *profile, const fv_drift_window *w, const fv_drift_report *report,
                         const char *path) {
    FV_OWNED(fv_arena) arena = NULL;
    const fv_drift_finding *f = strongest(report);
    ranked *order;
    if (!f) return fv_fail(FV_NOT_FOUND, "there is no finding to draw pictures of");
    FV_TRY(fv_arena_new("a sheet of pictures", INT64_C(1) << 31, &arena));
    FV_TRY(fv_arena_take(arena, w->n, &order));
    for (int64_t i = 0; i < w->n; i++) order[i].observation = i;
    if (!strcmp(f->on, FV_DRIFT_ON_CLASSES))
        FV_TRY(score_classes(profile, w, arena, order));
    else if (!strcmp(f->on, FV_DRIFT_ON_FEATURES))
        FV_TRY(score_features(profile, w, arena, order));
    else
        score_series(w, f, order);
    qsort(order, (size_t)w->n, sizeof *order, by_score);
    return write_sheet(w, order, f, arena, path);
}
