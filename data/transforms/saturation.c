/* saturation.c - x · factor + grey · (1 − factor), pixel by pixel, RGB only: Pillow's ImageEnhance.Color, rounded
 * (data/tone.h). Grey is Pillow's too; torchvision's adjust_saturation cuts its fraction off, and is two levels away where it
 * cuts twice. A grey pixel stays the same to the bit. */
#include "data/colour.h"
#include "data/transform.h"

typedef struct fv_saturation_options {
    int when;
    double probability, factor[2];
} fv_saturation_options;

static const fv_field fields[] = {
    FV_WHEN(fv_saturation_options, "training"),
    FV_PROBABILITY(fv_saturation_options, "1"),
    FV_FIELD(fv_saturation_options, factor, .by_default = "0.7,1.3", .max = 100,
             .help = "drawn between the two; 0 is grey, 1 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_saturation_options *o = options;
    return fv_range_check("factor", o->factor);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_saturation_options *o = call->options;
    FV_TRY(fv_colour_needed(call->image));
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_colour_saturation(call->image, fv_random_between(call->random, o->factor[0], o->factor[1]));
    return NULL;
}

const fv_transform fv_transform_saturation = {
    .name = "saturation",
    .summary = "makes colours paler or stronger (RGB only)",
    .fields = fields,
    .example = "factor=0,2",
    .check = check,
    .size = fv_colour_size,
    .apply = apply,
};
