/* equalize.c - each channel's values spread so that all levels are about as frequent.
 *
 * Pillow's ImageOps.equalize and torchvision's equalize, exactly: with step = ⌊(count − count at the brightest level met) /
 * 255⌋, level v becomes ⌊(⌊step / 2⌋ + values below v) / step⌋, at most 255; where step is 0 nothing changes. f32 is counted at
 * the level below, and lies on the straight line between its two levels' results. */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_equalize_options {
    int when;
    double probability;
} fv_equalize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_equalize_options, "training"),
    FV_PROBABILITY(fv_equalize_options, "0.5"),
    FV_FIELDS_END,
};

static fv_error *apply(const fv_transform_call *call) {
    const fv_equalize_options *o = call->options;
    if (fv_random_unit(call->random) < o->probability) fv_tone_equalize(call->image);
    return NULL;
}

const fv_transform fv_transform_equalize = {
    .name = "equalize",
    .summary = "makes all levels about as frequent, at random",
    .fields = fields,
    .example = "p=0.5",
    .apply = apply,
};
