/* constant.c - initialisers that draw nothing: a number everywhere, and the identity of a convolution (Zagoruyko and Komodakis,
 * arXiv 1706.00388: DiracNets). */
#include <math.h>

#include "layers/initializer.h"

typedef struct constant_options {
    double value;
} constant_options;

static const fv_field fields[] = { FV_FIELD(constant_options, value, .required = true, .help = "of every element"),
                                   FV_FIELDS_END };

static double constant_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    return (void)scale, (void)type, (void)index, (void)random, ((const constant_options *)options)->value;
}

static double zero_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    return (void)options, (void)scale, (void)type, (void)index, (void)random, 0;
}

static double one_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    return (void)options, (void)scale, (void)type, (void)index, (void)random, 1;
}

typedef struct dirac_options {
    int others;
} dirac_options;
static const fv_field dirac_fields[] = { FV_FIELD(dirac_options, others, .by_default = "zeros",
                                                  .names = "zeros,kaiming_uniform",
                                                  .help = "outputs beyond the inputs: 0 as in PyTorch, or ±1/√fan_in"),
                                         FV_FIELDS_END };

static fv_error *dirac_takes(const void *options, const fv_type *type, const fv_fans *fans, double *scale) {
    (void)options;
    if (type->rank != 4) return fv_fail(FV_SHAPE, "dirac is for the weights of a 2-D convolution");
    *scale = 1 / sqrt(fans->in);
    return NULL;
}

/* 1 at the window's middle where the input channel has the output's number. */
static double dirac_at(const void *options, double scale, const fv_type *type, int64_t index, fv_random *random) {
    bool others_are_drawn = ((const dirac_options *)options)->others;
    const int64_t *dims = type->dims;
    int64_t c = index % dims[3], s = index / dims[3] % dims[2], r = index / dims[3] / dims[2] % dims[1];
    int64_t k = index / dims[3] / dims[2] / dims[1];
    if (k >= dims[3]) return others_are_drawn ? fv_random_between(random, -scale, scale) : 0;
    return c == k && r == dims[1] / 2 && s == dims[2] / 2;
}

const fv_initializer fv_initializer_constant = {
    .name = "constant",
    .summary = "one number everywhere",
    .fields = fields,
    .at = constant_at,
};
const fv_initializer fv_initializer_zeros = { .name = "zeros", .summary = "0 everywhere", .at = zero_at };
const fv_initializer fv_initializer_ones = { .name = "ones", .summary = "1 everywhere", .at = one_at };
const fv_initializer fv_initializer_dirac = {
    .name = "dirac",
    .summary = "the convolution that changes nothing",
    .fields = dirac_fields,
    .scale = dirac_takes,
    .at = dirac_at,
};
