/* whitening.c - the filters that make patches of the training pictures uncorrelated: eigenvectors of the patches' second
 * moments, each divided by √(eigenvalue + ε), and their negatives (arXiv 2404.00498, section 3.2). They are a matter of the
 * data: a training fills them before its first step (train/whitening.c); without pictures they begin as PyTorch's convolutions
 * do. */
#include <math.h>

#include "layers/initializer.h"

static const fv_field fields[] = { FV_FIELD(fv_whitening_options, epsilon, .by_default = "5e-4", .min = 0, .max = INFINITY,
                                            .help = "added to the eigenvalues"),
                                   FV_FIELDS_END };

static fv_error *scale(const void *options, const fv_type *type, const fv_fans *fans, double *out) {
    (void)options;
    if (type->rank != 4 || !(fans->in > 0)) return fv_fail(FV_SHAPE, "whitening is for the weights of a 2-D convolution");
    *out = 1 / sqrt(fans->in);
    return NULL;
}

static double at(const void *options, double bound, const fv_type *type, int64_t index, fv_random *random) {
    return (void)options, (void)type, (void)index, fv_random_between(random, -bound, bound);
}

const fv_initializer fv_initializer_whitening = {
    .name = "whitening",
    .summary = "filters that make patches of the training pictures uncorrelated, filled by a training",
    .fields = fields,
    .scale = scale,
    .at = at,
};
