/* outlier.c - see outlier.h. */
#include "predict/outlier.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/base/size.h"

#define SHRINK 0.1
#define FLOOR 1e-6 /* of the mean variance: what a direction has at least, so that the covariance has a factor */

struct fv_outlier {
    int64_t features, columns;
    double threshold;
    const float *signs;          /* features × columns, each ±1; NULL: the direction as it is */
    const double *mean, *factor; /* the covariance's lower factor, row by row, whole rows */
};

static const fv_field fields[] = { FV_FIELD(fv_outlier_section, features, .required = true, .min = 1,
                                            .max = FV_OUTLIER_FEATURES_MAX, .help = "numbers of the graph's \"features\""),
                                   FV_FIELD(fv_outlier_section, n, .required = true, .min = FV_OUTLIER_LEAST, .max = INFINITY,
                                            .help = "pictures that it was fitted on"),
                                   FV_FIELD(fv_outlier_section, threshold, .required = true, .min = 0, .max = INFINITY,
                                            .help = "score above which a picture is an outlier"),
                                   FV_FIELD(fv_outlier_section, mean, .required = true, .help = "of the features' directions"),
                                   FV_FIELD(fv_outlier_section, covariance, .required = true,
                                            .help = "of those: the lower triangle, row by row"),
                                   FV_FIELDS_END };
const fv_section fv_section_outlier = {
    .name = "outlier", .version = 1, .summary = "how far from what it knows a picture may lie", .fields = fields
};

/* ---- directions ---- */

static fv_error *make_signs(int64_t features, int64_t columns, fv_arena *arena, const float **out) {
    float *signs;
    *out = NULL;
    if (features == columns) return NULL;
    fv_random random = fv_random_at(0, fv_random_stream("outlier projection"), 0, 0);
    FV_TRY(fv_arena_take(arena, features * columns, &signs));
    for (int64_t i = 0; i < features * columns; i += 32) {
        uint32_t bits = fv_random_u32(&random);
        for (int64_t k = 0; k < fv_min(32, features * columns - i); k++) signs[i + k] = bits >> k & 1 ? 1 : -1;
    }
    *out = signs;
    return NULL;
}

/* One over the norm; 0 where there is no direction. */
static double over_norm(const float *x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
    return sum > 0 && isfinite(sum) ? 1 / sqrt(sum) : 0;
}

/* `out`: columns. Each sum is of the features in their order. */
static void direct(const fv_outlier *o, const float *x, double *out) {
    double scale = over_norm(x, o->features);
    memset(out, 0, (size_t)o->columns * sizeof *out);
    if (scale == 0) return;
    if (!o->signs) {
        for (int64_t k = 0; k < o->columns; k++) out[k] = (double)x[k] * scale;
        return;
    }
    for (int64_t i = 0; i < o->features; i++) {
        const float *signs = o->signs + i * o->columns;
        double value = (double)x[i] * scale / sqrt((double)o->columns);
        for (int64_t k = 0; k < o->columns; k++) out[k] += value * (double)signs[k];
    }
}

/* ---- distances ---- */

/* False: it has none. */
static bool factorise(const double *covariance, int64_t d, double *l) {
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = *covariance++;
            for (int64_t k = 0; k < b; k++) sum -= l[a * d + k] * l[b * d + k];
            if (a == b && !(sum > 0)) return false;
            l[a * d + b] = a == b ? sqrt(sum) : sum / l[b * d + b];
        }
    return true;
}

static double distance(const double *mean, const double *factor, int64_t d, const double *z) {
    double x[FV_OUTLIER_COLUMNS_MAX], sum = 0;
    for (int64_t a = 0; a < d; a++) {
        x[a] = z[a] - mean[a];
        for (int64_t k = 0; k < a; k++) x[a] -= factor[a * d + k] * x[k];
        x[a] /= factor[a * d + a];
        sum += x[a] * x[a];
    }
    return sqrt(sum);
}

double fv_outlier_score(const fv_outlier *o, const float *features) {
    double z[FV_OUTLIER_COLUMNS_MAX];
    direct(o, features, z);
    return distance(o->mean, o->factor, o->columns, z);
}

double fv_outlier_threshold(const fv_outlier *o) { return o->threshold; }
int64_t fv_outlier_features(const fv_outlier *o) { return o->features; }

/* ---- fitting ---- */

/* Seven digits: what a factor needs, and the section's text stays small. */
static double rounded(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.7g", value);
    return strtod(text, NULL);
}

/* Of the rows but those of one fold (−1: of all); false: they are all alike. */
static bool fit_moments(const double *rows, int64_t count, int64_t d, int64_t left_out, double *mean, double *covariance) {
    double n = 0, trace = 0;
    memset(mean, 0, (size_t)d * sizeof *mean);
    memset(covariance, 0, (size_t)(d * (d + 1) / 2) * sizeof *covariance);
    for (int64_t i = 0; i < count; i++) {
        if (i % FV_OUTLIER_FOLDS == left_out) continue;
        n++;
        for (int64_t c = 0; c < d; c++) mean[c] += rows[i * d + c];
    }
    for (int64_t c = 0; c < d; c++) mean[c] = rounded(mean[c] / n);
    for (int64_t i = 0; i < count; i++) {
        if (i % FV_OUTLIER_FOLDS == left_out) continue;
        const double *row = rows + i * d;
        double *at = covariance;
        for (int64_t a = 0; a < d; a++)
            for (int64_t b = 0; b <= a; b++) *at++ += (row[a] - mean[a]) * (row[b] - mean[b]) / n;
    }
    for (int64_t a = 0; a < d; a++) trace += covariance[a * (a + 3) / 2];
    double *at = covariance;
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b <= a; b++, at++) *at = rounded(a == b ? *at + FLOOR * trace / (double)d : (1 - SHRINK) * *at);
    return trace > 1e-12;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each row's score by a fit that it had no part in, then the one that few exceed. False: a fold's rest is all alike. */
static bool fit_threshold(const double *rows, int64_t count, int64_t d, double *mean, double *covariance, double *factor,
                          double *scores, double *out) {
    for (int64_t fold = 0; fold < FV_OUTLIER_FOLDS; fold++) {
        if (!fit_moments(rows, count, d, fold, mean, covariance) || !factorise(covariance, d, factor)) return false;
        for (int64_t i = fold; i < count; i += FV_OUTLIER_FOLDS) scores[i] = distance(mean, factor, d, rows + i * d);
    }
    qsort(scores, (size_t)count, sizeof *scores, by_value);
    int64_t rank = (int64_t)ceil((double)(count + 1) * (1 - FV_OUTLIER_SHARE));
    *out = rounded(scores[fv_min(rank, count) - 1]);
    return true;
}

fv_error *fv_outlier_fit(const float *rows, int64_t count, int64_t features, fv_arena *arena, fv_outlier_section *out,
                         const char **reason) {
    int64_t d = fv_min(features, FV_OUTLIER_COLUMNS_MAX);
    fv_outlier projection = { .features = features, .columns = d };
    double *directions, *scores, *mean, *covariance, *factor;
    *reason = NULL;
    if (count < FV_OUTLIER_LEAST) *reason = "too few pictures";
    if (features > FV_OUTLIER_FEATURES_MAX) *reason = "too many features";
    if (*reason) return NULL;
    FV_TRY(make_signs(features, d, arena, &projection.signs));
    FV_TRY(fv_arena_take(arena, count * d, &directions));
    FV_TRY(fv_arena_take(arena, count, &scores));
    FV_TRY(fv_arena_take(arena, d, &mean));
    FV_TRY(fv_arena_take(arena, d * (d + 1) / 2, &covariance));
    FV_TRY(fv_arena_take(arena, d * d, &factor));
    for (int64_t i = 0; i < count; i++) direct(&projection, rows + i * features, directions + i * d);
    *out = (fv_outlier_section){ .features = features, .n = count };
    bool fitted = fit_threshold(directions, count, d, mean, covariance, factor, scores, &out->threshold) &&
                  fit_moments(directions, count, d, -1, mean, covariance) && factorise(covariance, d, factor);
    if (!fitted) *reason = "their features are all alike";
    out->mean = (fv_floats){ d, mean }, out->covariance = (fv_floats){ d * (d + 1) / 2, covariance };
    return NULL;
}

/* ---- reading ---- */

fv_error *fv_outlier_open(const fv_outlier_section *s, fv_arena *arena, const fv_outlier **out) {
    int64_t d = fv_min(s->features, FV_OUTLIER_COLUMNS_MAX);
    fv_outlier *o;
    double *factor;
    if (s->mean.count != d || s->covariance.count != d * (d + 1) / 2)
        return fv_fail(FV_FORMAT, "the model's section \"outlier\" has %lld means and %lld covariances for %lld features",
                       (long long)s->mean.count, (long long)s->covariance.count, (long long)s->features);
    FV_TRY(fv_arena_take(arena, 1, &o));
    FV_TRY(fv_arena_take(arena, d * d, &factor));
    bool finite = true;
    for (int64_t c = 0; c < d; c++) finite &= isfinite(s->mean.at[c]);
    if (!finite || !factorise(s->covariance.at, d, factor))
        return fv_fail(
            FV_FORMAT,
            "the model's section \"outlier\" has a mean that is not finite, or a covariance that is not positive definite");
    *o = (fv_outlier){ .features = s->features, .columns = d, .threshold = s->threshold, .mean = s->mean.at, .factor = factor };
    FV_TRY(make_signs(s->features, d, arena, &o->signs));
    *out = o;
    return NULL;
}
