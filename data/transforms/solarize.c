/* solarize.c - 255 − x where x is at or above a threshold: torchvision's solarize, Pillow's ImageOps.solarize. */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_solarize_options {
    int when;
    double probability, threshold[2];
} fv_solarize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_solarize_options, "training"),
    FV_PROBABILITY(fv_solarize_options, "0.5"),
    FV_FIELD(fv_solarize_options, threshold, .by_default = "128,256", .max = 256,
             .help = "drawn between the two; 256 changes nothing, 0 inverts all"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_solarize_options *o = options;
    return fv_range_check("threshold", o->threshold);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_solarize_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_tone_solarize(call->image, fv_random_between(call->random, o->threshold[0], o->threshold[1]));
    return NULL;
}

const fv_transform fv_transform_solarize = {
    .name = "solarize",
    .summary = "inverts what is brighter than a threshold",
    .fields = fields,
    .example = "p=1 threshold=64,256",
    .check = check,
    .apply = apply,
};
