/* trivial_augment.c - one random operation at a random strength, and nothing to tune. Müller and Hutter, "TrivialAugment:
 * tuning-free yet state-of-the-art data augmentation", 2021: torchvision's TrivialAugmentWide, the operations of rand_augment
 * over wider ranges, each operation and each of 31 strengths as likely. */
#include "data/augment.h"
#include "data/erase.h"

typedef struct fv_trivial_augment_options {
    int when;
    double probability;
    int filter;
    fv_floats fill;
} fv_trivial_augment_options;

static const fv_field fields[] = {
    FV_WHEN(fv_trivial_augment_options, "training"),
    FV_PROBABILITY(fv_trivial_augment_options, "1"),
    FV_FIELD(fv_trivial_augment_options, filter, .by_default = "nearest", .names = FV_WARP_FILTER_NAMES,
             .help = "how moved pixels are found"),
    FV_FIELD(fv_trivial_augment_options, fill, .by_default = "0", .max = 255,
             .help = "what shows from outside the picture, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *size(const void *options, fv_size *size) {
    const fv_trivial_augment_options *o = options;
    return fv_erase_check(o->fill, size->channels);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_trivial_augment_options *o = call->options;
    fv_augment_style style = { o->filter, o->fill };
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    return fv_augment_one(call, fv_augment_trivial, fv_random_below(call->random, FV_AUGMENT_STEPS + 1), &style);
}

const fv_transform fv_transform_trivial_augment = {
    .name = "trivial_augment",
    .summary = "one random operation of colour and geometry at a random strength",
    .fields = fields,
    .example = "",
    .size = size,
    .apply = apply,
};
