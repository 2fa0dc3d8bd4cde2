/* shared: how sure a figure is. Wilson's interval for a share (E. B. Wilson, "Probable inference, the law of succession, and
 * statistical inference", JASA 1927), the percentile bootstrap for the rest (B. Efron, "Bootstrap methods: another look at the
 * jackknife", Annals of Statistics 1979), drawn within classes. */
#include <math.h>

#include "metrics/normal.h"
#include "metrics/redraw.h"

/* ---- Wilson ---- */

double fv_normal_above(double tail) {
    double low = 0, high = 64;
    for (int step = 0; step < 200; step++) {
        double middle = low + (high - low) / 2;
        *(erfc(middle / M_SQRT2) / 2 > tail ? &low : &high) = middle;
    }
    return low;
}

fv_interval fv_wilson_interval(int64_t successes, int64_t count, double confidence) {
    if (count < 1) return (fv_interval){ NAN, NAN };
    double n = (double)count, p = (double)successes / n, z = fv_normal_above((1 - confidence) / 2), z2 = z * z;
    double centre = (2 * n * p + z2) / (2 * (n + z2)), half = z / (2 * (n + z2)) * sqrt(4 * n * p * (1 - p) + z2);
    return (fv_interval){ successes ? fmax(centre - half, 0) : 0, successes < count ? fmin(centre + half, 1) : 1 };
}

/* ---- bootstrap ---- */

/* Values of `resamples` draws; one that is undefined ends it. */
static fv_error *resample(fv_redraw *redraw, fv_draws *draws, int64_t resamples, double *values, bool *defined) {
    *defined = true;
    for (int64_t r = 0; r < resamples && *defined; r++) {
        fv_draws_next(draws, (uint32_t)r);
        FV_TRY(fv_redraw_measure(redraw, draws->drawn, &values[r]));
        *defined = !isnan(values[r]);
    }
    return NULL;
}

fv_error *fv_bootstrap_interval(const char *metric, const fv_outcomes *outcomes, const fv_bootstrap_options *options,
                                fv_interval *out) {
    *out = (fv_interval){ NAN, NAN };
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_arena) scratch = NULL;
    FV_OWNED(fv_memory) values = NULL;
    fv_bootstrap_options with;
    fv_redraw redraw;
    fv_draws draws;
    bool defined;
    FV_TRY(fv_bootstrap_options_check(options, &with));
    FV_TRY(fv_metric_scratch(outcomes, &arena));
    FV_TRY(fv_metric_scratch(outcomes, &scratch));
    FV_TRY(fv_redraw_init(metric, outcomes, outcomes->count, arena, scratch, &redraw));
    if (!outcomes->count) return NULL;
    FV_TRY(fv_draws_init(outcomes, with.seed, arena, &draws));
    FV_TRY(fv_memory_alloc(with.resamples, 8, &values));
    FV_TRY(resample(&redraw, &draws, with.resamples, values, &defined));
    if (defined) *out = fv_percentile_interval(values, with.resamples, with.confidence);
    return NULL;
}
