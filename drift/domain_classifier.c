/* domain_classifier.c - how well the two samples are told apart: the area under the ROC curve of a logistic regression that is
 * trained to say which sample a vector is from, on held-out vectors (evidently, NannyML). 0.5: not at all. Rows of even number
 * train, the others are held out. Columns are standardised by the training rows; the regression has the penalty ½‖w‖²
 * (scikit-learn's C = 1, the intercept free) and is fitted by Newton's method. p is of the rank sum test that the area is above
 * one half, by the normal approximation (Mann and Whitney 1947). */
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "drift/statistic.h"

#define STEPS_MAX 50

/* The regression; the last weight is the intercept. */
typedef struct regression {
    int64_t columns, weights; /* weights = columns + 1 */
    double *mean, *scale, *w, *gradient, *hessian, *row;
} regression;

/* Row number i of what trains (`odd` 0) or is held out (1) of a sample. */
static const float *row_of(const fv_drift_sample *s, int64_t i, int odd) { return s->vectors + (2 * i + odd) * s->columns; }
static int64_t rows_of(const fv_drift_sample *s, int odd) { return (s->rows + 1 - odd) / 2; }

static void standardise(const fv_drift_sample *const samples[2], regression *g) {
    int64_t count = rows_of(samples[0], 0) + rows_of(samples[1], 0);
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < rows_of(samples[k], 0); i++)
            for (int64_t c = 0; c < g->columns; c++) g->mean[c] += (double)row_of(samples[k], i, 0)[c] / (double)count;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < rows_of(samples[k], 0); i++)
            for (int64_t c = 0; c < g->columns; c++) {
                double d = (double)row_of(samples[k], i, 0)[c] - g->mean[c];
                g->scale[c] += d * d / (double)count;
            }
    for (int64_t c = 0; c < g->columns; c++) g->scale[c] = g->scale[c] > 0 ? 1 / sqrt(g->scale[c]) : 0;
}

/* The row as the regression sees it, and what it gives. */
static double look(const regression *g, const float *from) {
    double sum = g->w[g->columns];
    for (int64_t c = 0; c < g->columns; c++) {
        g->row[c] = ((double)from[c] - g->mean[c]) * g->scale[c];
        sum += g->w[c] * g->row[c];
    }
    g->row[g->columns] = 1;
    return sum;
}

static void add_row(regression *g, const float *from, int label) {
    double chance = 1 / (1 + exp(-look(g, from))), weight = chance * (1 - chance);
    for (int64_t a = 0; a < g->weights; a++) {
        double slope = weight * g->row[a];
        g->gradient[a] += (chance - label) * g->row[a];
        for (int64_t b = 0; b <= a; b++) g->hessian[a * g->weights + b] += slope * g->row[b];
    }
}

/* hessian · x = gradient in place of the gradient, by Cholesky's decomposition of the lower half. */
static void solve(regression *g) {
    int64_t n = g->weights;
    double *h = g->hessian, *x = g->gradient;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = h[a * n + b];
            for (int64_t k = 0; k < b; k++) sum -= h[a * n + k] * h[b * n + k];
            h[a * n + b] = a == b ? sqrt(fmax(sum, 1e-300)) : sum / h[b * n + b];
        }
    for (int64_t a = 0; a < n; a++) {
        for (int64_t k = 0; k < a; k++) x[a] -= h[a * n + k] * x[k];
        x[a] /= h[a * n + a];
    }
    for (int64_t a = n - 1; a >= 0; a--) {
        for (int64_t k = a + 1; k < n; k++) x[a] -= h[k * n + a] * x[k];
        x[a] /= h[a * n + a];
    }
}

static void fit(const fv_drift_sample *const samples[2], regression *g) {
    for (int step = 0; step < STEPS_MAX; step++) {
        double moved = 0;
        memset(g->gradient, 0, (size_t)g->weights * sizeof(double));
        memset(g->hessian, 0, (size_t)(g->weights * g->weights) * sizeof(double));
        for (int64_t c = 0; c < g->weights; c++) {
            g->gradient[c] = c < g->columns ? g->w[c] : 0;
            g->hessian[c * g->weights + c] = c < g->columns ? 1 : 1e-12;
        }
        for (int k = 0; k < 2; k++)
            for (int64_t i = 0; i < rows_of(samples[k], 0); i++) add_row(g, row_of(samples[k], i, 0), k);
        solve(g);
        for (int64_t c = 0; c < g->weights; c++) g->w[c] -= g->gradient[c], moved = fmax(moved, fabs(g->gradient[c]));
        if (moved < 1e-9) return;
    }
}

/* ---- held out ---- */

typedef struct scored {
    double score;
    int label;
} scored;

static int by_score(const void *a, const void *b) {
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

/* The share of pairs in the right order, ties by half. */
static double area(const scored *sorted, int64_t count) {
    double below = 0, right = 0, all[2] = { 0, 0 };
    for (int64_t i = 0; i < count;) {
        double tied[2] = { 0, 0 };
        for (double at = sorted[i].score; i < count && sorted[i].score == at; i++) tied[sorted[i].label]++;
        right += tied[1] * (below + tied[0] / 2);
        below += tied[0];
        all[0] += tied[0], all[1] += tied[1];
    }
    return right / (all[0] * all[1]);
}

static fv_error *test(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options, fv_arena *scratch,
                      fv_drift_value *out) {
    const fv_drift_sample *const samples[2] = { reference, current };
    regression g = { .columns = reference->columns, .weights = reference->columns + 1 };
    int64_t held[2] = { rows_of(reference, 1), rows_of(current, 1) }, count = 0;
    scored *scores;
    double **rooms[] = { &g.mean, &g.scale, &g.w, &g.gradient, &g.row };
    (void)options;
    for (int i = 0; i < 5; i++) FV_TRY(fv_arena_take(scratch, g.weights, rooms[i]));
    FV_TRY(fv_arena_take(scratch, g.weights * g.weights, &g.hessian));
    FV_TRY(fv_arena_take(scratch, held[0] + held[1], &scores));
    standardise(samples, &g);
    fit(samples, &g);
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < held[k]; i++) scores[count++] = (scored){ look(&g, row_of(samples[k], i, 1)), k };
    qsort(scores, (size_t)count, sizeof *scores, by_score);
    out->value = area(scores, count);
    double pairs = (double)held[0] * (double)held[1];
    out->p = erfc((out->value - 0.5) / sqrt((double)(count + 1) / (12 * pairs)) / M_SQRT2) / 2;
    return NULL;
}

const fv_statistic fv_statistic_domain_classifier = { .name = "domain_classifier",
                                                      .summary =
                                                          "how well a classifier tells the samples apart: area under ROC",
                                                      .on = FV_ON_VECTORS,
                                                      .threshold = 0.55,
                                                      .measure = test };
