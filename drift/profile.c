/* shared: profile.c - see profile.h. */
#include "drift/profile.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"

#define COUNTS .min = 0, .max = INFINITY

const fv_field fv_drift_profile_fields[] = {
    FV_FIELD(fv_drift_profile, version, .by_default = "1", .min = 1, .max = 1, .help = "of this format"),
    FV_FIELD(fv_drift_profile, n, .required = true, COUNTS, .help = "observations"),
    FV_FIELD(fv_drift_profile, series, .required = true, .help = "names of what was measured"),
    FV_FIELD(fv_drift_profile, seen, COUNTS, .help = "how often each was"),
    FV_FIELD(fv_drift_profile, means, .help = "of each"),
    FV_FIELD(fv_drift_profile, deviations, COUNTS, .help = "standard deviation of each, of n"),
    FV_FIELD(fv_drift_profile, quantiles, .help = "of each, 256 in a row: of 1/512, 3/512, …"),
    FV_FIELD(fv_drift_profile, classes, .help = "that were said"),
    FV_FIELD(fv_drift_profile, class_counts, COUNTS, .help = "how often"),
    FV_FIELD(fv_drift_profile, class_confidences, COUNTS, .help = "mean confidence of each"),
    FV_FIELD(fv_drift_profile, class_right, COUNTS, .help = "how often it was right"),
    FV_FIELD(fv_drift_profile, class_labelled, COUNTS, .help = "where that is known"),
    FV_FIELD(fv_drift_profile, columns, COUNTS, .help = "numbers of a sketch of the features"),
    FV_FIELD(fv_drift_profile, sketched, COUNTS, .help = "how many there were"),
    FV_FIELD(fv_drift_profile, sketches, .help = "some of them, row by row"),
    FV_FIELD(fv_drift_profile, hashes, COUNTS, .help = "of each of those"),
    FV_FIELD(fv_drift_profile, sketch_means, .help = "of all"),
    FV_FIELD(fv_drift_profile, sketch_covariance, .help = "of all: the lower triangle, row by row"),
    FV_FIELD(fv_drift_profile, slices, .help = "classes of which more is known"),
    FV_FIELD(fv_drift_profile, slice_seen, COUNTS, .help = "as seen, class by class"),
    FV_FIELD(fv_drift_profile, slice_means, .help = "as means, class by class"),
    FV_FIELD(fv_drift_profile, slice_quantiles, .help = "as quantiles, class by class: 32 in a row, of 1/64, 3/64, …"),
    FV_FIELDS_END
};

static fv_error *take(fv_arena *arena, int64_t count, fv_floats *list, double **numbers) {
    FV_TRY(fv_arena_take(arena, count, numbers));
    *list = (fv_floats){ count, *numbers };
    return NULL;
}

/* More digits than a profile knows, and its text stays small: a whole number by an exact power of ten prints short. */
double fv_drift_round(double value) {
    if (value == 0 || !isfinite(value)) return value;
    int places = 4 - (int)floor(log10(fabs(value)));
    double power = pow(10, fmin(abs(places), 22));
    return places >= 0 ? round(value * power) / power : round(value / power) * power;
}

/* ---- series ---- */

static fv_error *make_series(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *p) {
    double *seen, *means, *deviations, *quantiles, *sorted;
    int64_t count = w->series_count;
    FV_TRY(take(arena, count, &p->seen, &seen));
    FV_TRY(take(arena, count, &p->means, &means));
    FV_TRY(take(arena, count, &p->deviations, &deviations));
    FV_TRY(take(arena, count * FV_DRIFT_POINTS, &p->quantiles, &quantiles));
    FV_TRY(fv_arena_take(arena, w->n, &sorted));
    p->series = (fv_strings){ count, w->series };
    for (int64_t s = 0; s < count; s++) {
        int64_t n = fv_drift_window_sorted(w, s, sorted);
        seen[s] = (double)n;
        for (int64_t i = 0; i < n; i++) means[s] += sorted[i] / (double)n;
        for (int64_t i = 0; i < n; i++) deviations[s] += (sorted[i] - means[s]) * (sorted[i] - means[s]) / (double)n;
        means[s] = fv_drift_round(means[s]), deviations[s] = fv_drift_round(sqrt(deviations[s]));
        for (int64_t k = 0; n && k < FV_DRIFT_POINTS; k++)
            quantiles[s * FV_DRIFT_POINTS + k] = fv_drift_round(sorted[(2 * k + 1) * n / (2 * FV_DRIFT_POINTS)]);
    }
    return NULL;
}

/* ---- classes ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static fv_error *take_classes(fv_arena *arena, fv_drift_profile *p, const char *const *names, int64_t count, double *at[4]) {
    const char **sorted;
    FV_TRY(fv_arena_take(arena, count, &sorted));
    for (int64_t c = 0; c < count; c++) FV_TRY(fv_arena_text(arena, names[c], &sorted[c]));
    qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    p->classes = (fv_strings){ count, sorted };
    FV_TRY(take(arena, count, &p->class_counts, &at[0]));
    FV_TRY(take(arena, count, &p->class_confidences, &at[1]));
    FV_TRY(take(arena, count, &p->class_right, &at[2]));
    return take(arena, count, &p->class_labelled, &at[3]);
}

static int64_t find_class(const fv_drift_profile *p, const char *name) {
    const char *const *found = bsearch(&name, p->classes.at, (size_t)p->classes.count, sizeof name, by_name);
    return found ? found - p->classes.at : -1;
}

static fv_error *make_classes(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *p) {
    double *at[4];
    int64_t confidence = fv_drift_window_find(w, FV_DRIFT_CONFIDENCE), *places;
    FV_TRY(take_classes(arena, p, w->class_names, w->class_count, at));
    FV_TRY(fv_arena_take(arena, w->class_count, &places));
    for (int64_t c = 0; c < w->class_count; c++) places[c] = find_class(p, w->class_names[c]);
    for (int64_t i = 0; i < w->n; i++) {
        if (w->classes[i] < 0) continue;
        int64_t c = places[w->classes[i]];
        double sure = confidence < 0 ? NAN : w->values[i * w->series_count + confidence];
        at[0][c]++;
        at[1][c] += isnan(sure) ? 0 : sure;
        if (w->right[i] >= 0) at[2][c] += w->right[i], at[3][c]++;
    }
    for (int64_t c = 0; c < w->class_count; c++) at[1][c] = fv_drift_round(at[1][c] / fmax(at[0][c], 1));
    return NULL;
}

/* ---- sketches ---- */

/* FNV-1a of the bytes, mixed once more; 32 bits. */
static uint32_t hash_of(const float *sketch, int64_t columns) {
    uint64_t h = 0xcbf29ce484222325;
    const uint8_t *bytes = (const uint8_t *)sketch;
    for (int64_t i = 0; i < columns * (int64_t)sizeof *sketch; i++) h = (h ^ bytes[i]) * 0x100000001b3;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
    return (uint32_t)(h >> 32);
}

typedef struct ranked {
    uint32_t hash;
    int64_t index;
} ranked;

static int by_hash(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static fv_error *make_moments(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *p) {
    double *means, *covariance;
    int64_t d = w->columns;
    FV_TRY(take(arena, d, &p->sketch_means, &means));
    FV_TRY(take(arena, d * (d + 1) / 2, &p->sketch_covariance, &covariance));
    for (int64_t i = 0; i < w->sketched; i++)
        for (int64_t c = 0; c < d; c++) means[c] += (double)w->sketches[i * d + c] / (double)w->sketched;
    for (int64_t i = 0; i < w->sketched; i++) {
        const float *row = w->sketches + i * d;
        double *at = covariance;
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b <= a; b++)
                *at++ += ((double)row[a] - means[a]) * ((double)row[b] - means[b]) / (double)w->sketched;
    }
    for (int64_t c = 0; c < d; c++) means[c] = fv_drift_round(means[c]);
    for (int64_t k = 0; k < d * (d + 1) / 2; k++) covariance[k] = fv_drift_round(covariance[k]);
    return NULL;
}

/* One over the step that sketches are kept to: a power of ten between a tenth and a hundredth of what they vary by. */
static double sketch_power(const fv_drift_profile *p) {
    double variance = 0;
    for (int64_t c = 0; c < p->columns; c++) variance += p->sketch_covariance.at[c * (c + 3) / 2] / (double)p->columns;
    return variance > 0 ? pow(10, fmin(fmax(1 - floor(log10(sqrt(variance))), -20), 20)) : 1e6;
}

static fv_error *make_sketches(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *p) {
    int64_t d = p->columns = w->columns, kept = fv_min(w->sketched, FV_DRIFT_SKETCHES);
    ranked *order;
    double *sketches, *hashes;
    p->sketched = w->sketched;
    FV_TRY(fv_arena_take(arena, w->sketched, &order));
    FV_TRY(take(arena, kept * d, &p->sketches, &sketches));
    FV_TRY(take(arena, kept, &p->hashes, &hashes));
    FV_TRY(make_moments(w, arena, p));
    double power = sketch_power(p);
    for (int64_t i = 0; i < w->sketched; i++) order[i] = (ranked){ hash_of(w->sketches + i * d, d), i };
    qsort(order, (size_t)w->sketched, sizeof *order, by_hash);
    for (int64_t k = 0; k < kept; k++) {
        hashes[k] = order[k].hash;
        for (int64_t c = 0; c < d; c++)
            sketches[k * d + c] = round((double)w->sketches[order[k].index * d + c] * power) / power;
    }
    return NULL;
}

fv_error *fv_drift_profile_make(const fv_drift_window *w, fv_arena *arena, fv_drift_profile *out) {
    *out = (fv_drift_profile){ .version = 1, .n = w->n };
    FV_TRY(make_series(w, arena, out));
    FV_TRY(make_classes(w, arena, out));
    FV_TRY(make_sketches(w, arena, out));
    return fv_drift_make_slices(w, arena, out);
}

/* ---- as text ---- */

void fv_drift_profile_print(const fv_drift_profile *p, fv_text *out) {
    fv_fields_to_json(fv_drift_profile_fields, p, out);
    fv_text_add(out, "\n");
}

static bool ascend(const fv_floats *quantiles, int64_t points) {
    for (int64_t i = 0; i < quantiles->count; i++)
        if (!isfinite(quantiles->at[i]) || (i % points && quantiles->at[i] < quantiles->at[i - 1])) return false;
    return true;
}

static bool are_finite(const fv_floats *list) {
    for (int64_t i = 0; i < list->count; i++)
        if (!isfinite(list->at[i])) return false;
    return true;
}

static bool sorted_by_name(const fv_strings *names) {
    for (int64_t i = 1; i < names->count; i++)
        if (strcmp(names->at[i - 1], names->at[i]) >= 0) return false;
    return true;
}

static bool slices_fit(const fv_drift_profile *p) {
    int64_t count = p->slices.count * p->series.count;
    return p->slices.count <= FV_DRIFT_SLICES && p->slice_seen.count == count && p->slice_means.count == count &&
           p->slice_quantiles.count == count * FV_DRIFT_SLICE_POINTS && sorted_by_name(&p->slices) &&
           are_finite(&p->slice_seen) && are_finite(&p->slice_means) && ascend(&p->slice_quantiles, FV_DRIFT_SLICE_POINTS);
}

static bool fits(const fv_drift_profile *p) {
    int64_t s = p->series.count, c = p->classes.count, d = p->columns, kept = p->hashes.count;
    if (s < 1 || s > FV_DRIFT_SERIES_MAX || d > FV_DRIFT_COLUMNS_MAX || kept > FV_DRIFT_SKETCHES) return false;
    return p->seen.count == s && p->means.count == s && p->deviations.count == s && p->quantiles.count == s * FV_DRIFT_POINTS &&
           p->class_counts.count == c && p->class_confidences.count == c && p->class_right.count == c &&
           p->class_labelled.count == c && p->sketches.count == kept * d && p->sketch_means.count == d &&
           p->sketch_covariance.count == d * (d + 1) / 2 && kept <= p->sketched && ascend(&p->quantiles, FV_DRIFT_POINTS) &&
           sorted_by_name(&p->classes) && are_finite(&p->sketches) && are_finite(&p->sketch_means) &&
           are_finite(&p->sketch_covariance) && are_finite(&p->means) && are_finite(&p->deviations) && are_finite(&p->seen) &&
           are_finite(&p->class_counts) && slices_fit(p);
}

fv_error *fv_drift_profile_parse(const char *json, const char *where, fv_arena *arena, fv_drift_profile *out) {
    FV_TRY(fv_error_wrap(fv_fields_from_json(fv_drift_profile_fields, out, json, where, arena), "the reference profile"));
    if (fits(out)) return NULL;
    return fv_error_hint(fv_fail(FV_FORMAT, "%s is no reference profile: its lists do not fit each other", where),
                         "`fovea drift profile` makes one");
}

int64_t fv_drift_profile_find(const fv_drift_profile *p, const char *series) {
    for (int64_t s = 0; s < p->series.count; s++)
        if (!strcmp(p->series.at[s], series)) return s;
    return -1;
}

/* ---- distance ---- */

/* The lower factor of the covariance, row by row, whole rows. */
static fv_error *factorise(const fv_drift_profile *p, fv_arena *arena, double **out) {
    int64_t d = p->columns;
    const double *covariance = p->sketch_covariance.at;
    double *l;
    FV_TRY(fv_arena_take(arena, d * d, &l));
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = *covariance++ * (a == b ? 1 : 0.9);
            for (int64_t k = 0; k < b; k++) sum -= l[a * d + k] * l[b * d + k];
            l[a * d + b] = a == b ? sqrt(fmax(sum, 1e-12)) : sum / l[b * d + b];
        }
    *out = l;
    return NULL;
}

fv_error *fv_drift_profile_distance(const fv_drift_profile *p, const float *sketch, fv_arena *arena, double **factor,
                                    double *out) {
    double x[FV_DRIFT_COLUMNS_MAX];
    int64_t d = p->columns;
    if (!*factor) FV_TRY(factorise(p, arena, factor));
    *out = 0;
    for (int64_t a = 0; a < d; a++) {
        x[a] = (double)sketch[a] - p->sketch_means.at[a];
        for (int64_t k = 0; k < a; k++) x[a] -= (*factor)[a * d + k] * x[k];
        x[a] /= (*factor)[a * d + a];
        *out += x[a] * x[a];
    }
    return NULL;
}
