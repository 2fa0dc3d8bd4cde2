/* shared: means over seeds, and two of them side by side. A run's figure changes with its seed, so two recipes are told apart
 * by several runs each: Welch's test (B. L. Welch, Biometrika 1947, with Satterthwaite's degrees of freedom), which does not
 * ask that both vary alike and, of what is offered for five runs or so, keeps its level best (C. Colas, O. Sigaud and P.-Y.
 * Oudeyer, "A hitchhiker's guide to statistical comparisons of reinforcement learning algorithms", arXiv 1904.06979; X.
 * Bouthillier et al., "Accounting for variance in machine learning benchmarks", arXiv 2103.03098). A permutation of seeds could
 * not reach 5 % with three runs a side: there are but twenty splits. One run beside several is taken for one of a recipe that
 * varies as they do, which is Student's test (J. R. Crawford and D. C. Howell, The Clinical Neuropsychologist 1998). */
#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "fovea/metrics.h"
#include "metrics/student.h"

/* ---- Student's t ---- */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method; for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double product = d;
    for (int m = 1; m <= 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double term = half ? odd : even;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            product *= c * d;
        }
        if (fabs(c * d - 1) < 1e-16) break;
    }
    return product;
}

/* The regularised incomplete beta function I_x(a, b). */
static double incomplete_beta(double a, double b, double x) {
    int sign;
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double fv_student_beyond(double t, double degrees) {
    return isinf(t) ? 0 : incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double fv_student_at(double chance, double degrees) {
    double low = 0, high = 1;
    while (high < 1e300 && fv_student_beyond(high, degrees) > chance) high *= 2;
    for (int step = 0; step < 200; step++) {
        double middle = low + (high - low) / 2;
        *(fv_student_beyond(middle, degrees) > chance ? &low : &high) = middle;
    }
    return low + (high - low) / 2;
}

/* ---- means ---- */

fv_mean fv_mean_of(const double *values, int64_t count) {
    fv_mean out = { .count = count, .mean = NAN, .sd = NAN };
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) sum += values[i] - values[0]; /* equal values have no deviation, not a rounded one */
    if (count) out.mean = values[0] + sum / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (values[i] - out.mean) * (values[i] - out.mean);
    if (count > 1) out.sd = sqrt(squares / (double)(count - 1));
    return out;
}

/* The squared error of the difference of means, and its degrees of freedom. */
static double squared_error(const fv_mean *a, const fv_mean *b, double *degrees) {
    double m = (double)a->count, n = (double)b->count;
    if (a->count > 1 && b->count > 1) {
        double va = a->sd * a->sd / m, vb = b->sd * b->sd / n, all = va + vb;
        *degrees = all * all / (va * va / (m - 1) + vb * vb / (n - 1));
        return all;
    }
    const fv_mean *several = a->count > 1 ? a : b;
    *degrees = (double)several->count - 1;
    return several->sd * several->sd * (1 / m + 1 / n);
}

fv_means_test fv_means_compare(const fv_mean *first, const fv_mean *second, double confidence) {
    fv_means_test out = { second->mean - first->mean, { NAN, NAN }, NAN, NAN, NAN, false };
    if (first->count < 1 || second->count < 1 || first->count + second->count < 3) return out;
    double degrees, error = sqrt(squared_error(first, second, &degrees));
    out.pooled = first->count == 1 || second->count == 1;
    if (!(error > 0) || !isfinite(out.difference)) return out;
    double half = error * fv_student_at(1 - confidence, degrees);
    out.interval = (fv_interval){ out.difference - half, out.difference + half };
    out.t = out.difference / error;
    out.degrees = degrees;
    out.p = fv_student_beyond(out.t, degrees);
    return out;
}

/* ---- several tests at once ---- */

static int by_pointed(const void *left, const void *right) {
    const double *a = *(const double *const *)left, *b = *(const double *const *)right;
    return *a != *b ? (*a > *b) - (*a < *b) : (a > b) - (a < b);
}

/* S. Holm, Scandinavian Journal of Statistics 1979: the k-th smallest of m is multiplied by m − k + 1. */
fv_error *fv_holm_adjust(double *p, int64_t count) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(count, sizeof(double *), &memory));
    double **order = memory, largest = 0;
    int64_t tests = 0;
    for (int64_t i = 0; i < count; i++)
        if (!isnan(p[i])) order[tests++] = &p[i];
    qsort(order, (size_t)tests, sizeof *order, by_pointed);
    for (int64_t k = 0; k < tests; k++) *order[k] = largest = fmax(largest, fmin(1, *order[k] * (double)(tests - k)));
    return NULL;
}
