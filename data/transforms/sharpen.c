/* sharpen.c - x · factor + smooth · (1 − factor), where smooth is a 3×3 mean whose middle counts five times: torchvision's
 * adjust_sharpness and Pillow's ImageEnhance.Sharpness, to one level where 0 ≤ factor ≤ 2 (they round smooth first; data/blur.h
 * says what happens at the edge). */
#include "data/blur.h"

typedef struct fv_sharpen_options {
    int when;
    double probability, factor[2];
} fv_sharpen_options;

static const fv_field fields[] = {
    FV_WHEN(fv_sharpen_options, "training"),
    FV_PROBABILITY(fv_sharpen_options, "0.5"),
    FV_FIELD(fv_sharpen_options, factor, .by_default = "1,3", .max = 100,
             .help = "drawn between the two; 1 changes nothing, above sharpens, 0 smooths"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_sharpen_options *o = options;
    return fv_range_check("factor", o->factor);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_sharpen_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    return fv_blur_sharpness(call->image, fv_random_between(call->random, o->factor[0], o->factor[1]), call->work);
}

const fv_transform fv_transform_sharpen = {
    .name = "sharpen",
    .summary = "makes edges harder, or softer below 1",
    .fields = fields,
    .example = "p=1 factor=0,6",
    .check = check,
    .apply = apply,
};
