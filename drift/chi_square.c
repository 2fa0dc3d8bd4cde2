/* chi_square.c - Pearson's χ² of categories, and its p. The table is
 *
 *   contingency  both samples are drawn (scipy.stats.chi2_contingency without correction): Σ (o − e)² / e over both rows with
 *                e = row · column / all, k − 1 degrees of freedom for the k categories that either has. A category that the
 *                reference never saw counts by how often it is there now, not without bound.
 *   expected     the reference is taken for exact: Σ (c − r·n)² / (r·n) (scipy.stats.chisquare). Undefined where the current
 * sample has a category that the reference lacks: what was never expected has no share to divide by. */
#include "drift/statistic.h"

enum { CONTINGENCY, EXPECTED };

typedef struct chi_square_options {
    int table;
} chi_square_options;

static const fv_field fields[] = { FV_FIELD(chi_square_options, table, .by_default = "contingency",
                                            .names = "contingency,expected",
                                            .help = "whether the reference is a sample too, or exact"),
                                   FV_FIELDS_END };

/* Q(a, x) = Γ(a, x) / Γ(a): by its series below a + 1, by Lentz's continued fraction above (Abramowitz and
 * Stegun 6.5.29, 6.5.31). */
static double upper_gamma(double a, double x) {
    double scale = exp(a * log(x) - x - lgamma(a));
    if (x <= 0) return 1;
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (double k = a + 1; term > sum * 1e-17; k++) sum += term *= x / k;
        return fmax(1 - sum * scale, 0);
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int k = 1; k < 10000; k++) {
        double an = -k * (k - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= c * d;
        if (fabs(c * d - 1) < 1e-15) break;
    }
    return scale * h;
}

static double excess(double seen, double expected) {
    return expected > 0 ? (seen - expected) * (seen - expected) / expected : 0;
}

static fv_error *test(const fv_drift_sample *reference, const fv_drift_sample *current, const void *raw, fv_arena *scratch,
                      fv_drift_value *out) {
    const chi_square_options *options = raw;
    double all_r = fv_drift_total(reference), all_c = fv_drift_total(current), sum = 0;
    int64_t used = 0;
    (void)scratch;
    for (int64_t i = 0; i < reference->bins; i++) {
        double r = reference->counts[i], c = current->counts[i], share = (r + c) / (all_r + all_c);
        used += r + c > 0;
        if (options->table == EXPECTED && r == 0 && c > 0) return NULL;
        sum += options->table == EXPECTED ? excess(c, r / all_r * all_c) : excess(c, share * all_c) + excess(r, share * all_r);
    }
    out->value = sum;
    out->p = used > 1 ? upper_gamma((double)(used - 1) / 2, sum / 2) : 1;
    return NULL;
}

const fv_statistic fv_statistic_chi_square = { .name = "chi_square",
                                               .summary = "Pearson's chi-square of categories",
                                               .fields = fields,
                                               .on = FV_ON_COUNTS,
                                               .threshold = NAN,
                                               .measure = test };
