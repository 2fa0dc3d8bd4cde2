/* psi.c - population stability index, Σ (r − c) · ln(r / c) over the shares r and c of each category or bin. An empty one is
 * given a share of 1e-4, or of a millionth of the smallest share there is where that is at most 1e-4, as by evidently 0.7.
 * Usual reading: below 0.1 stable, above 0.2 changed. */
#include "drift/statistic.h"

static double share_of_empty(const fv_drift_sample *s, double total) {
    double smallest = 1;
    for (int64_t i = 0; i < s->bins; i++)
        if (s->counts[i] > 0) smallest = fmin(smallest, s->counts[i] / total);
    return smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
}

static fv_error *psi(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options, fv_arena *scratch,
                     fv_drift_value *out) {
    (void)options, (void)scratch;
    double all_r = fv_drift_total(reference), all_c = fv_drift_total(current);
    double empty_r = share_of_empty(reference, all_r), empty_c = share_of_empty(current, all_c);
    out->value = 0;
    for (int64_t i = 0; i < reference->bins; i++) {
        double r = reference->counts[i] > 0 ? reference->counts[i] / all_r : empty_r;
        double c = current->counts[i] > 0 ? current->counts[i] / all_c : empty_c;
        out->value += (r - c) * log(r / c);
    }
    return NULL;
}

const fv_statistic fv_statistic_psi = { .name = "psi",
                                        .summary = "population stability index of categories or bins",
                                        .on = FV_ON_COUNTS,
                                        .threshold = 0.1,
                                        .measure = psi };
