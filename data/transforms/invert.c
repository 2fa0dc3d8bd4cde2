/* invert.c - 255 − x, with a probability: torchvision's invert, Pillow's ImageOps.invert. */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_invert_options {
    int when;
    double probability;
} fv_invert_options;

static const fv_field fields[] = {
    FV_WHEN(fv_invert_options, "training"),
    FV_PROBABILITY(fv_invert_options, "0.5"),
    FV_FIELDS_END,
};

static fv_error *apply(const fv_transform_call *call) {
    const fv_invert_options *o = call->options;
    if (fv_random_unit(call->random) < o->probability) fv_tone_invert(call->image);
    return NULL;
}

const fv_transform fv_transform_invert = {
    .name = "invert",
    .summary = "exchanges dark and bright, as on a film's negative, at random",
    .fields = fields,
    .example = "p=0.5",
    .apply = apply,
};
