/* exposure.c - the light times 2^stops, as a camera's exposure does it: values become linear by sRGB's curve (IEC 61966-2-1),
 * are multiplied, cut at white, and coded again. `brightness` multiplies the coded values instead. */
#include <math.h>

#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_exposure_options {
    int when;
    double probability, stops[2];
} fv_exposure_options;

static const fv_field fields[] = {
    FV_WHEN(fv_exposure_options, "training"),
    FV_PROBABILITY(fv_exposure_options, "1"),
    FV_FIELD(fv_exposure_options, stops, .by_default = "-1,1", .min = -10, .max = 10,
             .help = "drawn between the two; 1 is twice the light, -1 half of it, 0 changes nothing"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_exposure_options *o = options;
    return fv_range_check("stops", o->stops);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_exposure_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    fv_tone_gain(call->image, exp2(fv_random_between(call->random, o->stops[0], o->stops[1])));
    return NULL;
}

const fv_transform fv_transform_exposure = {
    .name = "exposure",
    .summary = "gives the picture more or less light, in stops",
    .fields = fields,
    .example = "stops=-2,2",
    .check = check,
    .apply = apply,
};
