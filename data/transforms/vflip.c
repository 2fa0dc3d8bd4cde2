/* vflip.c - top and bottom exchanged, with a probability. */
#include "data/mirror.h"
#include "data/transform.h"

typedef struct fv_vflip_options {
    int when;
    double probability;
} fv_vflip_options;

static const fv_field fields[] = {
    FV_WHEN(fv_vflip_options, "training"),
    FV_FIELD(fv_vflip_options, probability, .by_default = "0.5", .max = 1, .alias = "p", .help = "of a flip"),
    FV_FIELDS_END,
};

static fv_error *apply(const fv_transform_call *call) {
    const fv_vflip_options *o = call->options;
    if (fv_random_unit(call->random) < o->probability) fv_image_upside_down(call->image);
    return NULL;
}

const fv_transform fv_transform_vflip = {
    .name = "vflip",
    .summary = "exchanges top and bottom at random",
    .fields = fields,
    .example = "",
    .apply = apply,
};
