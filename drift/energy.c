/* energy.c - energy distance of numbers, √(2 ∫ (F − G)² dx) (Székely and Rizzo 2013), as scipy.stats.energy_distance. */
#include "drift/statistic.h"

static fv_error *distance(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options,
                          fv_arena *scratch, fv_drift_value *out) {
    fv_drift_step step = { 0 };
    double sum = 0;
    (void)options, (void)scratch;
    while (fv_drift_walk(reference, current, &step))
        sum += (step.reference - step.current) * (step.reference - step.current) * (step.next - step.at);
    out->value = sqrt(2 * sum);
    return NULL;
}

const fv_statistic fv_statistic_energy = {
    .name = "energy", .summary = "energy distance of numbers", .on = FV_ON_NUMBERS, .threshold = 0.1, .measure = distance
};
