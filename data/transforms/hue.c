/* hue.c - colours turned around the colour circle, RGB only: the hue of HSV is moved by a part of the circle, saturation and
 * value stay: torchvision's adjust_hue (to one level; Pillow's HSV has 8 bits and is coarser). Grey pixels stay. */
#include "data/colour.h"
#include "data/transform.h"

typedef struct fv_hue_options {
    int when;
    double probability, turn[2];
} fv_hue_options;

static const fv_field fields[] = {
    FV_WHEN(fv_hue_options, "training"),
    FV_PROBABILITY(fv_hue_options, "1"),
    FV_FIELD(fv_hue_options, turn, .by_default = "-0.05,0.05", .min = -0.5, .max = 0.5,
             .help = "drawn between the two; 1/3 makes red green, 0.5 gives the opposite colours, 0 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_hue_options *o = options;
    return fv_range_check("turn", o->turn);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_hue_options *o = call->options;
    FV_TRY(fv_colour_needed(call->image));
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_colour_hue(call->image, fv_random_between(call->random, o->turn[0], o->turn[1]));
    return NULL;
}

const fv_transform fv_transform_hue = {
    .name = "hue",
    .summary = "turns colours around the colour circle (RGB only)",
    .fields = fields,
    .example = "turn=-0.5,0.5",
    .check = check,
    .size = fv_colour_size,
    .apply = apply,
};
