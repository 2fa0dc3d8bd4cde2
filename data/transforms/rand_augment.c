/* rand_augment.c - a few random operations, all at one strength. Cubuk et al., "RandAugment: practical automated data
 * augmentation with a reduced search space", 2019, with torchvision's fourteen operations and ranges: identity, shear and
 * translate along x and y, rotate, brightness, color, contrast, sharpness, posterize, solarize, autocontrast, equalize. Each is
 * as likely; one may come twice; those with a sign have either half of the time. `color` leaves pictures that are not RGB. */
#include "data/augment.h"
#include "data/erase.h"

typedef struct fv_rand_augment_options {
    int when;
    double probability;
    int64_t count, magnitude;
    int filter;
    fv_floats fill;
} fv_rand_augment_options;

static const fv_field fields[] = {
    FV_WHEN(fv_rand_augment_options, "training"),
    FV_PROBABILITY(fv_rand_augment_options, "1"),
    FV_FIELD(fv_rand_augment_options, count, .by_default = "2", .max = 16, .alias = "n",
             .help = "operations, one after another"),
    FV_FIELD(fv_rand_augment_options, magnitude, .by_default = "9", .max = FV_AUGMENT_STEPS, .help = "their strength"),
    FV_FIELD(fv_rand_augment_options, filter, .by_default = "nearest", .names = FV_WARP_FILTER_NAMES,
             .help = "how moved pixels are found"),
    FV_FIELD(fv_rand_augment_options, fill, .by_default = "0", .max = 255,
             .help = "what shows from outside the picture, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *size(const void *options, fv_size *size) {
    const fv_rand_augment_options *o = options;
    return fv_erase_check(o->fill, size->channels);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_rand_augment_options *o = call->options;
    fv_augment_style style = { o->filter, o->fill };
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    for (int64_t i = 0; i < o->count; i++) FV_TRY(fv_augment_one(call, fv_augment_rand, o->magnitude, &style));
    return NULL;
}

const fv_transform fv_transform_rand_augment = {
    .name = "rand_augment",
    .summary = "a few random operations of colour and geometry, all at one strength",
    .fields = fields,
    .example = "magnitude=15",
    .size = size,
    .apply = apply,
};
