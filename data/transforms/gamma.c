/* gamma.c - 255 · (x / 255)^gamma: torchvision's adjust_gamma, rounded (data/tone.h). The exponent is drawn so that its
 * logarithm is uniform: 0.5 is as likely as 2. */
#include <math.h>

#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_gamma_options {
    int when;
    double probability, gamma[2];
} fv_gamma_options;

static const fv_field fields[] = {
    FV_WHEN(fv_gamma_options, "training"),
    FV_PROBABILITY(fv_gamma_options, "1"),
    FV_FIELD(fv_gamma_options, gamma, .by_default = "0.7,1.4", .min = 0.01, .max = 100,
             .help = "the exponent, its logarithm drawn between the two's; below 1 lifts shadows, above 1 deepens them"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_gamma_options *o = options;
    return fv_range_check("gamma", o->gamma);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_gamma_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double ratio = o->gamma[1] / o->gamma[0];
    fv_tone_gamma(call->image, o->gamma[0] * pow(ratio, fv_random_unit(call->random)));
    return NULL;
}

const fv_transform fv_transform_gamma = {
    .name = "gamma",
    .summary = "lifts or deepens the mid tones; black and white stay",
    .fields = fields,
    .example = "gamma=0.4,2.5",
    .check = check,
    .apply = apply,
};
