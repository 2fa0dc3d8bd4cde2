/* mixup.c - mixup (Zhang et al., arXiv 1710.09412): a picture and another of the epoch, blended, and their targets likewise.
 * With s ~ Beta(alpha, alpha):  x ← s·x + (1 − s)·partner,  target ← s·target + (1 − s)·partner's. */
#include "data/transform.h"

typedef struct fv_mixup_options {
    int when;
    double alpha, p;
} fv_mixup_options;

static const fv_field fields[] = { FV_WHEN(fv_mixup_options, "training"),
                                   FV_FIELD(fv_mixup_options, alpha, .by_default = "0.2", .min = 1e-3, .max = 1e3,
                                            .help = "of the beta distribution: near 0 little is mixed, 1 is any share alike"),
                                   FV_FIELD(fv_mixup_options, p, .by_default = "1", .min = 0, .max = 1,
                                            .help = "share of the pictures that are mixed"),
                                   FV_FIELDS_END };

static bool pairs(const void *options, fv_random *random) {
    return fv_random_unit(random) < ((const fv_mixup_options *)options)->p;
}

static fv_error *mix(fv_pair_call *call) {
    const fv_mixup_options *o = call->options;
    const fv_image *image = call->image;
    float *x = image->pixels;
    const float *y = call->partner->pixels;
    call->share = fv_random_beta(call->random, o->alpha, o->alpha);
    float own = (float)call->share, other = (float)(1 - call->share);
    for (int64_t i = 0, n = image->height * image->width * image->channels; i < n; i++) x[i] = own * x[i] + other * y[i];
    return NULL;
}

const fv_transform fv_transform_mixup = {
    .name = "mixup",
    .summary = "blends a picture with another one, and their targets by the same shares",
    .fields = fields,
    .example = "alpha=1",
    .pairs = pairs,
    .mix = mix,
};
