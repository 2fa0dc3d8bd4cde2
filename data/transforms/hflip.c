/* hflip.c - left and right exchanged: with a probability, or in every second epoch.
 *
 * alternate=true: whether a sample is flipped in epoch 0 is a bit of its own, drawn by its number in the data set, and turns
 * over with every epoch, so that two epochs in a row show both sides of each picture. (Jordan, "94% on CIFAR-10 in 3.29 seconds
 * on a single GPU", 2024, section 3.6.) */
#include "data/mirror.h"
#include "data/transform.h"

typedef struct fv_hflip_options {
    int when;
    double probability;
    bool alternate;
} fv_hflip_options;

static const fv_field fields[] = {
    FV_WHEN(fv_hflip_options, "training"),
    FV_FIELD(fv_hflip_options, probability, .by_default = "0.5", .max = 1, .alias = "p", .help = "of a flip"),
    FV_FIELD(fv_hflip_options, alternate, .help = "flips each sample in every second epoch instead, half of them in the first"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_hflip_options *o = options;
    if (!o->alternate || o->probability == 0.5) return NULL;
    return fv_error_hint(
        fv_fail(FV_USAGE, "alternate flips every second epoch, so that probability %g means nothing", o->probability),
        "leave out one of the two");
}

static bool draw(const fv_transform_call *call) {
    const fv_hflip_options *o = call->options;
    if (!o->alternate) return fv_random_unit(call->random) < o->probability;
    const fv_draw *key = call->draw;
    fv_random own =
        fv_random_at(key->seed, call->random->stream, (uint32_t)key->sample, (uint32_t)((uint64_t)key->sample >> 32));
    return (fv_random_u32(&own) ^ key->epoch) & 1;
}

static fv_error *apply(const fv_transform_call *call) {
    if (draw(call)) fv_image_mirror(call->image);
    return NULL;
}

const fv_transform fv_transform_hflip = {
    .name = "hflip",
    .summary = "exchanges left and right at random",
    .fields = fields,
    .example = "",
    .check = check,
    .apply = apply,
};
