/* hellinger.c - Hellinger distance, √(1 − Σ √(r c)) over the shares of each category or bin: 0 of equal ones, 1 of disjoint
 * ones. */
#include "drift/statistic.h"

static fv_error *distance(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options,
                          fv_arena *scratch, fv_drift_value *out) {
    (void)options, (void)scratch;
    double all_r = fv_drift_total(reference), all_c = fv_drift_total(current), overlap = 0;
    for (int64_t i = 0; i < reference->bins; i++) overlap += sqrt(reference->counts[i] / all_r * (current->counts[i] / all_c));
    out->value = sqrt(fmax(1 - overlap, 0));
    return NULL;
}

const fv_statistic fv_statistic_hellinger = { .name = "hellinger",
                                              .summary = "Hellinger distance of categories or bins",
                                              .on = FV_ON_COUNTS,
                                              .threshold = 0.1,
                                              .measure = distance };
