/* color_jitter.c - brightness, contrast, saturation and hue in a random order, as torchvision's ColorJitter: each option is how
 * far its factor goes from 1 (hue: from 0) to both sides, not below 0. The rules themselves are those of the transforms of
 * these names. Saturation and hue need RGB unless they are 0. */
#include <math.h>

#include "data/colour.h"
#include "data/transform.h"

typedef struct fv_color_jitter_options {
    int when;
    double probability, brightness, contrast, saturation, hue;
} fv_color_jitter_options;

static const fv_field fields[] = {
    FV_WHEN(fv_color_jitter_options, "training"),
    FV_PROBABILITY(fv_color_jitter_options, "1"),
    FV_FIELD(fv_color_jitter_options, brightness, .by_default = "0.4", .max = 100, .help = "factor from 1 - b to 1 + b"),
    FV_FIELD(fv_color_jitter_options, contrast, .by_default = "0.4", .max = 100, .help = "factor from 1 - c to 1 + c"),
    FV_FIELD(fv_color_jitter_options, saturation, .by_default = "0.4", .max = 100, .help = "factor from 1 - s to 1 + s"),
    FV_FIELD(fv_color_jitter_options, hue, .by_default = "0.1", .max = 0.5, .help = "of the colour circle, to both sides"),
    FV_FIELDS_END,
};

static bool needs_colour(const fv_color_jitter_options *o) { return o->saturation != 0 || o->hue != 0; }

static fv_error *size(const void *options, fv_size *size) {
    return needs_colour(options) ? fv_colour_size(options, size) : NULL;
}

static double factor(fv_random *random, double spread) { return fv_random_between(random, fmax(1 - spread, 0), 1 + spread); }

static fv_error *apply(const fv_transform_call *call) {
    const fv_color_jitter_options *o = call->options;
    int64_t order[FV_COLOUR_STEPS] = { FV_COLOUR_BRIGHTNESS, FV_COLOUR_CONTRAST, FV_COLOUR_SATURATION, FV_COLOUR_HUE };
    if (needs_colour(o)) FV_TRY(fv_colour_needed(call->image));
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_random_shuffle(call->random, order, FV_COLOUR_STEPS);
    double amounts[FV_COLOUR_STEPS];
    amounts[FV_COLOUR_BRIGHTNESS] = factor(call->random, o->brightness);
    amounts[FV_COLOUR_CONTRAST] = factor(call->random, o->contrast);
    amounts[FV_COLOUR_SATURATION] = factor(call->random, o->saturation);
    amounts[FV_COLOUR_HUE] = fv_random_between(call->random, -o->hue, o->hue);
    fv_colour_step steps[FV_COLOUR_STEPS];
    for (int i = 0; i < FV_COLOUR_STEPS; i++) steps[i] = (fv_colour_step){ (fv_colour_kind)order[i], amounts[order[i]] };
    fv_colour_steps(call->image, steps, FV_COLOUR_STEPS); /* one that changes nothing needs no colour */
    return NULL;
}

const fv_transform fv_transform_color_jitter = {
    .name = "color_jitter",
    .summary = "brightness, contrast, saturation and hue by random amounts in a random order",
    .fields = fields,
    .example = "",
    .size = size,
    .apply = apply,
};
