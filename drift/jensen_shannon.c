/* jensen_shannon.c - Jensen–Shannon distance, √(½ KL(r‖m) + ½ KL(c‖m)) with m = (r + c) / 2, natural logarithms (Lin 1991;
 * Endres and Schindelin 2003): between 0 and √ln 2. As scipy.spatial.distance.jensenshannon. */
#include "drift/statistic.h"

static double part(double share, double mean) { return share > 0 ? share * log(share / mean) : 0; }

static fv_error *distance(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options,
                          fv_arena *scratch, fv_drift_value *out) {
    (void)options, (void)scratch;
    double all_r = fv_drift_total(reference), all_c = fv_drift_total(current), sum = 0;
    for (int64_t i = 0; i < reference->bins; i++) {
        double r = reference->counts[i] / all_r, c = current->counts[i] / all_c, mean = (r + c) / 2;
        sum += part(r, mean) + part(c, mean);
    }
    out->value = sqrt(fmax(sum, 0) / 2);
    return NULL;
}

const fv_statistic fv_statistic_jensen_shannon = { .name = "jensen_shannon",
                                                   .summary = "Jensen-Shannon distance of categories or bins",
                                                   .on = FV_ON_COUNTS,
                                                   .threshold = 0.1,
                                                   .measure = distance };
