/* posterize.c - fewer levels: the upper bits of 8 are kept, the others become zero: torchvision's posterize, Pillow's
 * ImageOps.posterize. In f32 the value is cut to the same levels. */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_posterize_options {
    int when;
    double probability;
    int64_t bits[2];
} fv_posterize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_posterize_options, "training"),
    FV_PROBABILITY(fv_posterize_options, "0.5"),
    FV_FIELD(fv_posterize_options, bits, .by_default = "4,8", .min = 1, .max = 8,
             .help = "kept of 8, drawn between the two, both included; 8 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_posterize_options *o = options;
    return fv_range_check("bits", (double[]){ (double)o->bits[0], (double)o->bits[1] });
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_posterize_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_tone_posterize(call->image, o->bits[0] + fv_random_below(call->random, o->bits[1] - o->bits[0] + 1));
    return NULL;
}

const fv_transform fv_transform_posterize = {
    .name = "posterize",
    .summary = "leaves fewer levels of brightness",
    .fields = fields,
    .example = "p=1 bits=1,4",
    .check = check,
    .apply = apply,
};
