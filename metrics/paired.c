/* shared: two models on the same samples. Under the hypothesis that they are equally good, each sample that only one of them
 * has right is a fair coin (Q. McNemar, Psychometrika 1947), so the smaller count is binomial. The mid-p value (Fagerland,
 * Lydersen and Laake, BMC Medical Research Methodology 2013) takes half of the probability of the very split seen, and is the
 * better choice unless the level must be guaranteed. */
#include <math.h>

#include "core/base/size.h"
#include "fovea/metrics.h"

/* The chance of at most `few` heads in `tosses`, and of exactly `few`, each as a share of all: terms C(tosses, i) relative to
 * the largest, by the ratio of neighbours from the middle down; the upper half mirrors the lower one. */
static double chance_of_at_most(int64_t few, int64_t tosses, double *exactly) {
    double term = 1, all = 0, tail = 0;
    *exactly = 0;
    for (int64_t i = tosses / 2; i >= 0; i--) {
        all += 2 * i == tosses ? term : 2 * term;
        if (i <= few) tail += term;
        if (i == few) *exactly = term;
        term *= (double)i / (double)(tosses - i + 1);
    }
    *exactly /= all;
    return tail / all;
}

fv_mcnemar fv_mcnemar_test(const uint8_t *first, const uint8_t *second, int64_t count) {
    fv_mcnemar out = { .exact = 1, .mid_p = 1 };
    for (int64_t i = 0; i < count; i++) {
        out.only_first += first[i] && !second[i];
        out.only_second += !first[i] && second[i];
    }
    int64_t few = fv_min(out.only_first, out.only_second), tosses = out.only_first + out.only_second;
    if (!tosses) return out;
    double exactly, tail = chance_of_at_most(few, tosses, &exactly);
    out.exact = fmin(2 * tail, 1);
    out.mid_p = 2 * tail - exactly;
    return out;
}
