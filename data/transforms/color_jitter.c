/* color_jitter.c - brightness, contrast, saturation and hue in a random order, as torchvision's ColorJitter: each option is how
 * far its factor goes from 1 (hue: from 0) to both sides, not below 0. The rules themselves are those of the transforms of
 * these names. Saturation and hue need RGB unless they are 0. */
#include <math.h>

#include "data/colour.h"
#include "data/tone.h"
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

enum { BRIGHTNESS, CONTRAST, SATURATION, HUE, STEPS };

static fv_error *apply(const fv_transform_call *call) {
    const fv_color_jitter_options *o = call->options;
    fv_image *image = call->image;
    int64_t order[STEPS] = { BRIGHTNESS, CONTRAST, SATURATION, HUE };
    if (needs_colour(o)) FV_TRY(fv_colour_needed(image));
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_random_shuffle(call->random, order, STEPS);
    double brightness = factor(call->random, o->brightness), contrast = factor(call->random, o->contrast);
    double saturation = factor(call->random, o->saturation), turn = fv_random_between(call->random, -o->hue, o->hue);
    for (int i = 0; i < STEPS; i++) {
        if (order[i] == BRIGHTNESS) fv_tone_line(image, brightness, 0);
        if (order[i] == CONTRAST) fv_colour_contrast(image, contrast);
        if (order[i] == SATURATION && o->saturation != 0) fv_colour_saturation(image, saturation);
        if (order[i] == HUE && o->hue != 0) fv_colour_hue(image, turn);
    }
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
