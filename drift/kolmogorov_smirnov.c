/* kolmogorov_smirnov.c - the largest difference of two distribution functions, D = sup |F − G|, and its two-sided p. Up to
 * 10,000 observations a sample p is exact: the share of all orders of the pooled sample, as lattice paths, that leave the band
 * |i/m − j/n| < D somewhere (Kim and Jennrich 1973), as scipy.stats.ks_2samp. Beyond it is Kolmogorov's
 * limit 2 Σ (−1)ᵏ⁻¹ exp(−2 k² D² mn/(m+n)). */
#include "drift/statistic.h"

#define EXACT_MAX 10000

static double limit(double x) {
    double sum = 0;
    if (x < 1) { /* the same function by its other series, which converges here */
        for (int k = 1; k <= 20; k++) sum += exp(-(2 * k - 1) * (2 * k - 1) * M_PI * M_PI / (8 * x * x));
        return x > 0 ? fmin(fmax(1 - sqrt(2 * M_PI) / x * sum, 0), 1) : 1;
    }
    for (int k = 1; k <= 20; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return fmin(fmax(sum, 0), 1);
}

/* The share of the paths from (0, 0) to (m, n) that leave the band, a row of it at a time; `row` is n + 1 numbers. Of the paths
 * to (i, j) the share i / (i + j) comes from (i − 1, j). Only positive numbers are added: small shares keep their digits. */
static double outside(int64_t m, int64_t n, double d, double *row) {
    double band = (floor(d * (double)m * (double)n + 0.5) - 0.5) / ((double)m * (double)n);
    for (int64_t j = 0; j <= n; j++) row[j] = (double)j / (double)n >= band;
    for (int64_t i = 1; i <= m; i++) {
        double level = (double)i / (double)m;
        int64_t first = (int64_t)fmax(ceil((level - band) * (double)n), 0);
        int64_t last = (int64_t)fmin(floor((level + band) * (double)n), (double)n);
        if (first > 0) row[first - 1] = 1;
        for (int64_t j = first; j <= last; j++) {
            double before = j > 0 ? row[j - 1] * (double)j : 0;
            row[j] = (row[j] * (double)i + before) / (double)(i + j);
        }
    }
    return row[n];
}

static fv_error *exact(double m, double n, double d, fv_arena *scratch, double *p) {
    double *row;
    FV_TRY(fv_arena_take(scratch, (int64_t)n + 1, &row));
    *p = outside((int64_t)m, (int64_t)n, d, row);
    return NULL;
}

static fv_error *test(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options, fv_arena *scratch,
                      fv_drift_value *out) {
    double m = round(fv_drift_n(reference)), n = round(fv_drift_n(current)), d = 0;
    fv_drift_step step = { 0 };
    (void)options;
    while (fv_drift_walk(reference, current, &step)) d = fmax(d, fabs(step.reference - step.current));
    out->value = d;
    out->p = limit(d * sqrt(m / (m + n) * n));
    if (d == 0 || fmax(m, n) > EXACT_MAX) return NULL;
    return exact(m, n, d, scratch, &out->p);
}

const fv_statistic fv_statistic_kolmogorov_smirnov = { .name = "kolmogorov_smirnov",
                                                       .summary = "largest difference of two distribution functions",
                                                       .on = FV_ON_NUMBERS,
                                                       .threshold = NAN,
                                                       .measure = test };
