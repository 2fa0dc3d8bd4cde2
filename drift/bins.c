/* shared: bins.c - numbers into bins that follow from both samples. */
#include <math.h>

#include "drift/statistic.h"

#define BINS_MAX 64

/* The bin of `value`: edges are first + k · width; the last bin has its upper edge too. */
static int64_t bin_of(double value, double first, double last, int64_t bins) {
    int64_t k = (int64_t)((value - first) / (last - first) * (double)bins);
    if (k >= bins) k = bins - 1;
    /* the quotient may be rounded across an edge, which decides */
    while (k > 0 && value < first + (last - first) * (double)k / (double)bins) k--;
    while (k + 1 < bins && value >= first + (last - first) * (double)(k + 1) / (double)bins) k++;
    return k;
}

static void count(const fv_drift_sample *s, double first, double last, int64_t bins, double *counts) {
    double weight = fv_drift_n(s) / (double)s->points;
    for (int64_t k = 0; k < bins; k++) counts[k] = 0;
    for (int64_t i = 0; i < s->points; i++) counts[bin_of(s->values[i], first, last, bins)] += weight;
}

void fv_drift_bin(const fv_drift_sample *r, const fv_drift_sample *c, int64_t *bins, double *of_reference, double *of_current) {
    double first = fmin(r->values[0], c->values[0]);
    double last = fmax(r->values[r->points - 1], c->values[c->points - 1]);
    double width = (last - first) / (log2((double)(r->points + c->points)) + 1);
    *bins = width > 0 ? (int64_t)fmin(ceil((last - first) / width), BINS_MAX) : 1;
    if (!(last > first)) first -= 0.5, last += 0.5;
    count(r, first, last, *bins, of_reference);
    count(c, first, last, *bins, of_current);
}
