/* brightness.c - x · factor: torchvision's adjust_brightness and Pillow's ImageEnhance.Brightness, rounded (data/tone.h). */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_brightness_options {
    int when;
    double probability, factor[2];
} fv_brightness_options;

static const fv_field fields[] = {
    FV_WHEN(fv_brightness_options, "training"),
    FV_PROBABILITY(fv_brightness_options, "1"),
    FV_FIELD(fv_brightness_options, factor, .by_default = "0.7,1.3", .max = 100,
             .help = "drawn between the two; 0 is black, 1 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_brightness_options *o = options;
    return fv_range_check("factor", o->factor);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_brightness_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_tone_line(call->image, fv_random_between(call->random, o->factor[0], o->factor[1]), 0);
    return NULL;
}

const fv_transform fv_transform_brightness = {
    .name = "brightness",
    .summary = "makes the picture darker or brighter: every value times a factor",
    .fields = fields,
    .example = "factor=0.4,1.6",
    .check = check,
    .apply = apply,
};
