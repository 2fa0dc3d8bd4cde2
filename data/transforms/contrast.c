/* contrast.c - x · factor + mean · (1 − factor), where mean is that of the picture's grey: torchvision's adjust_contrast (and
 * Pillow's ImageEnhance.Contrast, which rounds the mean), rounded (data/tone.h). */
#include "data/colour.h"
#include "data/transform.h"

typedef struct fv_contrast_options {
    int when;
    double probability, factor[2];
} fv_contrast_options;

static const fv_field fields[] = {
    FV_WHEN(fv_contrast_options, "training"),
    FV_PROBABILITY(fv_contrast_options, "1"),
    FV_FIELD(fv_contrast_options, factor, .by_default = "0.7,1.3", .max = 100,
             .help = "drawn between the two; 0 is flat grey, 1 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_contrast_options *o = options;
    return fv_range_check("factor", o->factor);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_contrast_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_colour_contrast(call->image, fv_random_between(call->random, o->factor[0], o->factor[1]));
    return NULL;
}

const fv_transform fv_transform_contrast = {
    .name = "contrast",
    .summary = "draws values towards the picture's mean grey or away from it",
    .fields = fields,
    .example = "factor=0.3,1.7",
    .check = check,
    .apply = apply,
};
