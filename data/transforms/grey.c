/* grey.c - colours taken away with a probability; the number of channels stays. RGB becomes Pillow's grey (convert("L")) three
 * times; one channel is grey already and stays; other numbers of channels have no grey (FV_SHAPE). */
#include "data/colour.h"
#include "data/transform.h"

typedef struct fv_grey_options {
    int when;
    double probability;
} fv_grey_options;

static const fv_field fields[] = {
    FV_WHEN(fv_grey_options, "training"),
    FV_PROBABILITY(fv_grey_options, "0.1"),
    FV_FIELDS_END,
};

static fv_error *size(const void *options, fv_size *size) { return size->channels == 1 ? NULL : fv_colour_size(options, size); }

static fv_error *apply(const fv_transform_call *call) {
    const fv_grey_options *o = call->options;
    if (call->image->channels == 1) return NULL;
    FV_TRY(fv_colour_needed(call->image));
    if (fv_random_unit(call->random) < o->probability) fv_colour_grey(call->image);
    return NULL;
}

const fv_transform fv_transform_grey = {
    .name = "grey",
    .summary = "takes the colours away at random; the channels stay three",
    .fields = fields,
    .example = "p=0.5",
    .size = size,
    .apply = apply,
};
