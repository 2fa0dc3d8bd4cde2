/* distribution.c - initialisers that draw from a given distribution: normal, uniform, and normal cut at two ends. */
#include <math.h>

#include "layers/initializer.h"

typedef struct normal_options {
    double mean, std;
} normal_options;

typedef struct uniform_options {
    double low, high;
} uniform_options;

typedef struct trunc_normal_options {
    double mean, std, low, high;
} trunc_normal_options;

static const fv_field normal_fields[] = {
    FV_FIELD(normal_options, mean, .by_default = "0", .help = "mean"),
    FV_FIELD(normal_options, std, .by_default = "1", .min = 0, .max = INFINITY, .help = "standard deviation"), FV_FIELDS_END
};
static const fv_field uniform_fields[] = { FV_FIELD(uniform_options, low, .by_default = "0", .help = "smallest value"),
                                           FV_FIELD(uniform_options, high, .by_default = "1", .help = "no value reaches it"),
                                           FV_FIELDS_END };
static const fv_field trunc_normal_fields[] = {
    FV_FIELD(trunc_normal_options, mean, .by_default = "0", .help = "mean before the cut"),
    FV_FIELD(trunc_normal_options, std, .by_default = "1", .min = 0, .max = INFINITY,
             .help = "standard deviation before the cut"),
    FV_FIELD(trunc_normal_options, low, .by_default = "-2", .help = "smallest value, as such: not in standard deviations"),
    FV_FIELD(trunc_normal_options, high, .by_default = "2", .help = "largest value"), FV_FIELDS_END
};

static double normal_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    (void)scale, (void)type, (void)index;
    const normal_options *o = options;
    return o->mean + o->std * fv_random_normal(random);
}

static double uniform_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    (void)scale, (void)type, (void)index;
    const uniform_options *o = options;
    return fv_random_between(random, o->low, o->high);
}

/* Drawing again until it fits needs a cut that leaves enough: within four deviations of the mean on at least one side. */
static fv_error *trunc_normal_takes(const void *options, const fv_type *type, const fv_fans *fans, double *scale) {
    (void)type, (void)fans, (void)scale;
    const trunc_normal_options *o = options;
    if (!(o->low < o->high)) return fv_fail(FV_USAGE, "trunc_normal needs low < high, got %g and %g", o->low, o->high);
    double kept = (erf((o->high - o->mean) / o->std / sqrt(2)) - erf((o->low - o->mean) / o->std / sqrt(2))) / 2;
    if (kept > 1e-4) return NULL;
    return fv_fail(FV_USAGE, "trunc_normal keeps nearly nothing between %g and %g of mean %g, std %g", o->low, o->high, o->mean,
                   o->std);
}

static double trunc_normal_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    (void)scale, (void)type, (void)index;
    const trunc_normal_options *o = options;
    double value;
    do value = o->mean + o->std * fv_random_normal(random);
    while (value < o->low || value > o->high);
    return value;
}

const fv_initializer fv_initializer_normal = {
    .name = "normal",
    .summary = "normal distribution",
    .fields = normal_fields,
    .at = normal_at,
};
const fv_initializer fv_initializer_uniform = {
    .name = "uniform",
    .summary = "uniform distribution",
    .fields = uniform_fields,
    .at = uniform_at,
};
const fv_initializer fv_initializer_trunc_normal = {
    .name = "trunc_normal",
    .summary = "normal distribution, drawn again outside two ends",
    .fields = trunc_normal_fields,
    .scale = trunc_normal_takes,
    .at = trunc_normal_at,
};
