/* fan.c - initialisers that keep the size of signals from layer to layer, by the number of connections (fans):
 *   kaiming  std = gain / √fan, fan the inputs or the outputs (He et al., arXiv 1502.01852)
 *   xavier   std = gain · √(2 / (fan_in + fan_out)) (Glorot and Bengio, AISTATS 2010)
 * The uniform forms have the same deviation: they reach to ±√3·std. Names and defaults are PyTorch's. */
#include <math.h>

#include "layers/initializer.h"

typedef struct kaiming_options {
    int mode, nonlinearity;
    double a;
} kaiming_options;

typedef struct xavier_options {
    double gain;
} xavier_options;

static const fv_field kaiming_fields[] = {
    FV_FIELD(kaiming_options, mode, .by_default = "fan_in", .names = "fan_in,fan_out",
             .help = "keeps the size of the signal, or of the gradient"),
    FV_FIELD(kaiming_options, nonlinearity, .by_default = "leaky_relu", .names = "leaky_relu,relu,linear,tanh,sigmoid,selu",
             .help = "what follows"),
    FV_FIELD(kaiming_options, a, .by_default = "0", .help = "slope of the leaky ReLU below zero"), FV_FIELDS_END
};
static const fv_field xavier_fields[] = {
    FV_FIELD(xavier_options, gain, .by_default = "1", .min = 0, .max = INFINITY, .help = "factor"), FV_FIELDS_END
};

static fv_error *needs_fans(const fv_fans *fans) {
    return fans->in > 0 && fans->out > 0
               ? NULL
               : fv_fail(FV_SHAPE, "fans are for weights of two dimensions or more, none of them empty");
}

static double gain_of(const kaiming_options *o) {
    const double gains[] = { sqrt(2 / (1 + o->a * o->a)), sqrt(2), 1, 5.0 / 3, 1, 0.75 };
    return gains[o->nonlinearity];
}

static fv_error *kaiming_std(const void *options, const fv_type *type, const fv_fans *fans, double *std) {
    (void)type;
    const kaiming_options *o = options;
    FV_TRY(needs_fans(fans));
    *std = gain_of(o) / sqrt(o->mode == 0 ? fans->in : fans->out);
    return NULL;
}

static fv_error *xavier_std(const void *options, const fv_type *type, const fv_fans *fans, double *std) {
    (void)type;
    FV_TRY(needs_fans(fans));
    *std = ((const xavier_options *)options)->gain * sqrt(2 / (fans->in + fans->out));
    return NULL;
}

static double normal_at(const void *options, double std, const fv_type *type, int64_t index, fv_random *random) {
    return (void)options, (void)type, (void)index, std * fv_random_normal(random);
}

static double uniform_at(const void *options, double std, const fv_type *type, int64_t index, fv_random *random) {
    return (void)options, (void)type, (void)index, fv_random_between(random, -sqrt(3) * std, sqrt(3) * std);
}

const fv_initializer fv_initializer_kaiming_normal = {
    .name = "kaiming_normal",
    .summary = "normal, by the fan of one side",
    .fields = kaiming_fields,
    .scale = kaiming_std,
    .at = normal_at,
};
const fv_initializer fv_initializer_kaiming_uniform = {
    .name = "kaiming_uniform",
    .summary = "uniform, by the fan of one side",
    .fields = kaiming_fields,
    .scale = kaiming_std,
    .at = uniform_at,
};
const fv_initializer fv_initializer_xavier_normal = {
    .name = "xavier_normal",
    .summary = "normal, by the fans of both sides",
    .fields = xavier_fields,
    .scale = xavier_std,
    .at = normal_at,
};
const fv_initializer fv_initializer_xavier_uniform = {
    .name = "xavier_uniform",
    .summary = "uniform, by the fans of both sides",
    .fields = xavier_fields,
    .scale = xavier_std,
    .at = uniform_at,
};
