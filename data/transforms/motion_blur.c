/* motion_blur.c - the picture as a camera sees it that moves while the shutter is open, or an object that passes it.
 *
 * A pixel becomes the mean of n = ⌈length⌉ samples, evenly placed on a straight stretch of length − 1 pixels with the pixel in
 * its middle, each taken bilinearly from the four pixels around; outside, the picture is reflected without its edge. length 1
 * changes nothing. Equal, to rounding, to the mean of scipy's map_coordinates(order=1, mode="mirror"). */
#include <math.h>

#include "data/blur.h"

#define DEGREE (3.14159265358979323846 / 180)
#define LENGTH_MAX 128

typedef struct fv_motion_blur_options {
    int when;
    double probability, length[2], angle[2];
} fv_motion_blur_options;

static const fv_field fields[] = {
    FV_WHEN(fv_motion_blur_options, "training"),
    FV_PROBABILITY(fv_motion_blur_options, "0.5"),
    FV_FIELD(fv_motion_blur_options, length, .by_default = "3,9", .min = 1, .max = LENGTH_MAX,
             .help = "of the way in pixels, drawn between the two; 1 changes nothing"),
    FV_FIELD(fv_motion_blur_options, angle, .by_default = "0,180", .min = -360, .max = 360,
             .help = "of the way in degrees, drawn between the two; 0 is across, 45 goes up to the right"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_motion_blur_options *o = options;
    FV_TRY(fv_range_check("length", o->length));
    return fv_range_check("angle", o->angle);
}

/* Adds to the weight of a tap, which is among the last few or new. */
static void weigh(fv_stencil *s, int64_t down, int64_t across, double weight) {
    if (weight < 1e-9) return;
    for (int64_t t = s->count - 1; t >= 0 && t >= s->count - 8; t--)
        if (s->taps[t].down == down && s->taps[t].across == across) {
            s->taps[t].weight += (float)weight;
            return;
        }
    s->taps[s->count++] = (fv_tap){ down, across, (float)weight, NULL };
}

static void add_sample(fv_stencil *s, double y, double x, double weight) {
    double top = floor(y), left = floor(x), below = y - top, right = x - left;
    int64_t down = (int64_t)top, across = (int64_t)left;
    weigh(s, down, across, weight * (1 - below) * (1 - right));
    weigh(s, down, across + 1, weight * (1 - below) * right);
    weigh(s, down + 1, across, weight * below * (1 - right));
    weigh(s, down + 1, across + 1, weight * below * right);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_motion_blur_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double length = fv_random_between(call->random, o->length[0], o->length[1]);
    double angle = fv_random_between(call->random, o->angle[0], o->angle[1]) * DEGREE;
    int64_t samples = (int64_t)ceil(length);
    if (samples == 1) return NULL;
    fv_stencil stencil = { .radius = (int64_t)ceil((length - 1) / 2) + 1 };
    for (int64_t i = 0; i < samples; i++) {
        double t = ((double)i / (double)(samples - 1) - 0.5) * (length - 1);
        add_sample(&stencil, -t * sin(angle), t * cos(angle), 1 / (double)samples);
    }
    return fv_blur(call->image, &stencil, call->work);
}

const fv_transform fv_transform_motion_blur = {
    .name = "motion_blur",
    .summary = "blurs the picture along a straight way, as a moving camera does",
    .fields = fields,
    .example = "p=1 length=3,15",
    .check = check,
    .apply = apply,
};
