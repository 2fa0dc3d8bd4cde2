/* wasserstein.c - first Wasserstein distance, ∫ |F − G| dx over the two distribution functions
 * (scipy.stats.wasserstein_distance). With `normed` it is divided by the reference's standard deviation (of n, not n − 1), of
 * at least 0.001, as by evidently: the move in standard deviations. */
#include "drift/statistic.h"

typedef struct wasserstein_options {
    bool normed;
} wasserstein_options;

static const fv_field fields[] = { FV_FIELD(wasserstein_options, normed, .by_default = "true",
                                            .help = "in standard deviations of the reference"),
                                   FV_FIELDS_END };

static double deviation(const fv_drift_sample *s) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < s->points; i++) mean += s->values[i] / (double)s->points;
    for (int64_t i = 0; i < s->points; i++) squares += (s->values[i] - mean) * (s->values[i] - mean);
    return sqrt(squares / (double)s->points);
}

static fv_error *distance(const fv_drift_sample *reference, const fv_drift_sample *current, const void *raw, fv_arena *scratch,
                          fv_drift_value *out) {
    const wasserstein_options *options = raw;
    fv_drift_step step = { 0 };
    (void)scratch;
    out->value = 0;
    while (fv_drift_walk(reference, current, &step)) out->value += fabs(step.reference - step.current) * (step.next - step.at);
    if (options->normed) out->value /= fmax(deviation(reference), 0.001);
    return NULL;
}

const fv_statistic fv_statistic_wasserstein = { .name = "wasserstein",
                                                .summary = "first Wasserstein distance of numbers",
                                                .fields = fields,
                                                .on = FV_ON_NUMBERS,
                                                .threshold = 0.1,
                                                .measure = distance };
