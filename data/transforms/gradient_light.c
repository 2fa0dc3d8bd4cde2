/* gradient_light.c - light that comes from one side: every value times 1 + strength · t, where t goes evenly from −1 at the
 * corner farthest from the light to 1 at the nearest. Coded values are multiplied, not light. */
#include <math.h>

#include "data/light.h"

#define DEGREE (3.14159265358979323846 / 180)

typedef struct fv_gradient_light_options {
    int when;
    double probability, strength[2], angle[2];
} fv_gradient_light_options;

static const fv_field fields[] = {
    FV_WHEN(fv_gradient_light_options, "training"),
    FV_PROBABILITY(fv_gradient_light_options, "0.5"),
    FV_FIELD(fv_gradient_light_options, strength, .by_default = "0.1,0.5", .max = 1,
             .help = "drawn between the two; 0 changes nothing, 1 goes from black to twice as bright"),
    FV_FIELD(fv_gradient_light_options, angle, .by_default = "0,360", .min = -360, .max = 360,
             .help = "where the light comes from, in degrees: 0 the right, 90 the top"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_gradient_light_options *o = options;
    FV_TRY(fv_range_check("strength", o->strength));
    return fv_range_check("angle", o->angle);
}

typedef struct gradient {
    fv_light_line middle; /* t = 0 */
    double slope;         /* strength by short side */
} gradient;

static void factors_of_row(const void *context, const fv_image *image, int64_t y, float *factors) {
    const gradient *g = context;
    float from = (float)(1 + g->slope * fv_light_line_row(&g->middle, image, y));
    float step = (float)(g->slope * fv_light_line_step(&g->middle, image));
    for (int64_t x = 0; x < image->width; x++) factors[x] = from + step * (float)x;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_gradient_light_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double strength = fv_random_between(call->random, o->strength[0], o->strength[1]);
    double angle = fv_random_between(call->random, o->angle[0], o->angle[1]) * DEGREE;
    double height = (double)call->image->height, width = (double)call->image->width;
    gradient g = { .middle = fv_light_line_at(angle, 0) };
    double corner = (fabs(g.middle.across) * width + fabs(g.middle.down) * height) / 2 / fmin(height, width);
    g.slope = strength / corner;
    return strength == 0 ? NULL : fv_light_apply(call->image, factors_of_row, &g, call->work);
}

const fv_transform fv_transform_gradient_light = {
    .name = "gradient_light",
    .summary = "lights the picture from one side: brighter there, darker at the other",
    .fields = fields,
    .example = "p=1 strength=0.4,1",
    .check = check,
    .apply = apply,
};
