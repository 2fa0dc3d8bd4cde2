/* autocontrast.c - each channel stretched so that its darkest value becomes 0 and its brightest 255.
 *
 * Pillow's ImageOps.autocontrast: `cutoff` per cent of the values are left out at either end, ⌊count · cutoff / 100⌋ each; then
 * x → (x − low) · 255 / (high − low), rounded (data/tone.h). Without cutoff it is torchvision's too. A channel of one value
 * stays. f32 takes the exact ends without cutoff, and whole levels with it. */
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_autocontrast_options {
    int when;
    double probability, cutoff;
} fv_autocontrast_options;

static const fv_field fields[] = {
    FV_WHEN(fv_autocontrast_options, "training"),
    FV_PROBABILITY(fv_autocontrast_options, "0.5"),
    FV_FIELD(fv_autocontrast_options, cutoff, .by_default = "0", .max = 49, .help = "per cent left out at either end"),
    FV_FIELDS_END,
};

static fv_error *apply(const fv_transform_call *call) {
    const fv_autocontrast_options *o = call->options;
    if (fv_random_unit(call->random) < o->probability) fv_tone_autocontrast(call->image, o->cutoff);
    return NULL;
}

const fv_transform fv_transform_autocontrast = {
    .name = "autocontrast",
    .summary = "stretches each channel to the whole scale, at random",
    .fields = fields,
    .example = "p=0.5 cutoff=5",
    .apply = apply,
};
