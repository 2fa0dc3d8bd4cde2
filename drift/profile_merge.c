/* shared: profile_merge.c - two profiles as that of both together. Means and variances are joined as by Chan, Golub and LeVeque
 * (1979); quantiles are read anew from the points of both, each with its share of the observations; of the sketches those with
 * the smallest hashes stay, which is a uniform sample of all whatever the order of merging. */
#include <string.h>

#include "core/base/size.h"
#include "drift/profile.h"

static fv_error *take(fv_arena *arena, int64_t count, fv_floats *list, double **numbers) {
    FV_TRY(fv_arena_take(arena, count, numbers));
    *list = (fv_floats){ count, *numbers };
    return NULL;
}

/* ---- series ---- */

void fv_drift_join_quantiles(const double *a, double n, const double *b, double m, int64_t points, double *out) {
    int64_t i = n > 0 ? 0 : points, j = m > 0 ? 0 : points;
    double done = 0, at = 0, step = (n + m) / (double)points;
    for (int64_t k = 0; k < points; k++) {
        while (done <= ((double)k + 0.5) * step && (i < points || j < points)) {
            bool first = j == points || (i < points && a[i] <= b[j]);
            at = first ? a[i++] : b[j++];
            done += (first ? n : m) / (double)points;
        }
        out[k] = at;
    }
}

static fv_error *merge_series(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    double *seen, *means, *deviations, *quantiles;
    int64_t count = a->series.count;
    FV_TRY(take(arena, count, &out->seen, &seen));
    FV_TRY(take(arena, count, &out->means, &means));
    FV_TRY(take(arena, count, &out->deviations, &deviations));
    FV_TRY(take(arena, count * FV_DRIFT_POINTS, &out->quantiles, &quantiles));
    out->series = a->series;
    for (int64_t s = 0; s < count; s++) {
        double n = a->seen.at[s], m = b->seen.at[s], all = fmax(n + m, 1), gap = b->means.at[s] - a->means.at[s];
        double squares = n * a->deviations.at[s] * a->deviations.at[s] + m * b->deviations.at[s] * b->deviations.at[s];
        seen[s] = n + m;
        means[s] = n + m > 0 ? (n * a->means.at[s] + m * b->means.at[s]) / all : 0;
        deviations[s] = sqrt((squares + gap * gap * n * m / all) / all);
        fv_drift_join_quantiles(a->quantiles.at + s * FV_DRIFT_POINTS, n, b->quantiles.at + s * FV_DRIFT_POINTS, m,
                                FV_DRIFT_POINTS, quantiles + s * FV_DRIFT_POINTS);
    }
    return NULL;
}

/* ---- classes ---- */

/* Adds class i of `from` to place c. */
static void add_class(const fv_drift_profile *from, int64_t i, int64_t c, double *const at[4]) {
    double n = from->class_counts.at[i], all = at[0][c] + n;
    if (all > 0) at[1][c] = (at[1][c] * at[0][c] + from->class_confidences.at[i] * n) / all;
    at[0][c] = all;
    at[2][c] += from->class_right.at[i];
    at[3][c] += from->class_labelled.at[i];
}

static fv_error *merge_classes(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    int64_t most = a->classes.count + b->classes.count, i = 0, j = 0, count = 0;
    fv_floats *lists[4] = { &out->class_counts, &out->class_confidences, &out->class_right, &out->class_labelled };
    const char **names;
    double *at[4];
    FV_TRY(fv_arena_take(arena, most, &names));
    for (int k = 0; k < 4; k++) FV_TRY(take(arena, most, lists[k], &at[k]));
    for (; i < a->classes.count || j < b->classes.count; count++) {
        int order = i == a->classes.count ? 1 : j == b->classes.count ? -1 : strcmp(a->classes.at[i], b->classes.at[j]);
        names[count] = order <= 0 ? a->classes.at[i] : b->classes.at[j];
        if (order <= 0) add_class(a, i++, count, at);
        if (order >= 0) add_class(b, j++, count, at);
    }
    out->classes = (fv_strings){ count, names };
    for (int k = 0; k < 4; k++) lists[k]->count = count;
    return NULL;
}

/* ---- sketches ---- */

static fv_error *merge_moments(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    double *means, *covariance, n = (double)a->sketched, m = (double)b->sketched, all = fmax(n + m, 1);
    int64_t d = out->columns, k = 0;
    FV_TRY(take(arena, d, &out->sketch_means, &means));
    FV_TRY(take(arena, d * (d + 1) / 2, &out->sketch_covariance, &covariance));
    for (int64_t c = 0; c < d; c++) means[c] = (n * a->sketch_means.at[c] + m * b->sketch_means.at[c]) / all;
    for (int64_t r = 0; r < d; r++)
        for (int64_t c = 0; c <= r; c++, k++) {
            double gaps = (b->sketch_means.at[r] - a->sketch_means.at[r]) * (b->sketch_means.at[c] - a->sketch_means.at[c]);
            covariance[k] = (n * a->sketch_covariance.at[k] + m * b->sketch_covariance.at[k] + gaps * n * m / all) / all;
        }
    return NULL;
}

static fv_error *merge_sketches(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    int64_t d = out->columns, kept = fv_min(a->hashes.count + b->hashes.count, FV_DRIFT_SKETCHES), i = 0, j = 0;
    double *sketches, *hashes;
    out->sketched = a->sketched + b->sketched;
    FV_TRY(take(arena, kept * d, &out->sketches, &sketches));
    FV_TRY(take(arena, kept, &out->hashes, &hashes));
    for (int64_t k = 0; k < kept; k++) {
        bool first = j == b->hashes.count || (i < a->hashes.count && a->hashes.at[i] <= b->hashes.at[j]);
        const fv_drift_profile *from = first ? a : b;
        int64_t row = first ? i++ : j++;
        hashes[k] = from->hashes.at[row];
        memcpy(sketches + k * d, from->sketches.at + row * d, (size_t)d * sizeof *sketches);
    }
    return merge_moments(a, b, arena, out);
}

static bool same_series(const fv_drift_profile *a, const fv_drift_profile *b) {
    if (a->series.count != b->series.count) return false;
    for (int64_t s = 0; s < a->series.count; s++)
        if (strcmp(a->series.at[s], b->series.at[s]) != 0) return false;
    return true;
}

fv_error *fv_drift_profile_merge(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena, fv_drift_profile *out) {
    *out = (fv_drift_profile){ .version = 1, .n = a->n + b->n, .columns = a->sketched ? a->columns : b->columns };
    if (!same_series(a, b)) return fv_fail(FV_USAGE, "two profiles of different series cannot be added up");
    if (a->sketched && b->sketched && a->columns != b->columns)
        return fv_fail(FV_USAGE, "two profiles with sketches of %lld and %lld numbers cannot be added up",
                       (long long)a->columns, (long long)b->columns);
    FV_TRY(merge_series(a, b, arena, out));
    FV_TRY(merge_classes(a, b, arena, out));
    FV_TRY(fv_drift_merge_slices(a, b, arena, out));
    if (a->sketched && b->sketched) return merge_sketches(a, b, arena, out);
    const fv_drift_profile *one = a->sketched ? a : b;
    out->sketched = one->sketched, out->sketches = one->sketches, out->hashes = one->hashes;
    out->sketch_means = one->sketch_means, out->sketch_covariance = one->sketch_covariance;
    return NULL;
}
