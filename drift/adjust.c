/* shared: adjust.c - p-values of several tests. With p₁ ≤ … ≤ pₘ of the m that were made:
 *
 *   Bonferroni           min(1, m p)
 *   Holm 1979            max over j ≤ i of min(1, (m − j + 1) pⱼ)
 *   Benjamini–Hochberg   min over j ≥ i of min(1, m pⱼ / j) */
#include <stdlib.h>

#include "drift/statistic.h"

typedef struct ranked {
    double p;
    int64_t index;
} ranked;

static int by_p(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void adjust_up(const ranked *sorted, int64_t m, double *adjusted) {
    double most = 0;
    for (int64_t i = 0; i < m; i++) {
        most = fmax(most, fmin((double)(m - i) * sorted[i].p, 1));
        adjusted[sorted[i].index] = most;
    }
}

static void adjust_down(const ranked *sorted, int64_t m, double *adjusted) {
    double least = 1;
    for (int64_t i = m - 1; i >= 0; i--) {
        least = fmin(least, (double)m / (double)(i + 1) * sorted[i].p);
        adjusted[sorted[i].index] = least;
    }
}

fv_error *fv_drift_adjust(fv_adjustment adjustment, const double *p, int64_t count, double *adjusted) {
    FV_OWNED(fv_memory) memory = NULL;
    int64_t m = 0;
    FV_TRY(fv_memory_alloc(count, sizeof(ranked), &memory));
    ranked *sorted = memory;
    for (int64_t i = 0; i < count; i++) {
        adjusted[i] = p[i];
        if (isnan(p[i])) continue;
        if (!(p[i] >= 0 && p[i] <= 1)) return fv_fail(FV_USAGE, "%g is no p-value", p[i]);
        sorted[m++] = (ranked){ p[i], i };
    }
    qsort(sorted, (size_t)m, sizeof *sorted, by_p);
    for (int64_t i = 0; i < m && adjustment == FV_BONFERRONI; i++) adjusted[sorted[i].index] = fmin((double)m * sorted[i].p, 1);
    if (adjustment == FV_HOLM) adjust_up(sorted, m, adjusted);
    if (adjustment == FV_BENJAMINI_HOCHBERG) adjust_down(sorted, m, adjusted);
    return NULL;
}
