/* perspective.c - the picture as seen from aside: each corner moves inwards by a random number of pixels.
 *
 * torchvision's rule: with b = ⌊distortion · ⌊width / 2⌋⌋ the left corners move to columns 0…b, the right ones to width − 1 − b
 * … width − 1, and so for rows; the rectangle from (0, 0) to (width − 1, height − 1) goes there. Four corners that make no
 * convex quadrangle (possible from a distortion of 2/3 on) are drawn again, up to ten times; then the picture stays. */
#include <math.h>

#include "data/warp.h"

typedef struct fv_perspective_options {
    int when;
    double probability, distortion;
    int filter, mode;
    fv_floats fill;
} fv_perspective_options;

static const fv_field fields[] = {
    FV_WHEN(fv_perspective_options, "training"),
    FV_PROBABILITY(fv_perspective_options, "0.5"),
    FV_FIELD(fv_perspective_options, distortion, .by_default = "0.5", .max = 1, .alias = "distortion_scale",
             .help = "how far corners may move, as a part of half the picture"),
    FV_FIELD(fv_perspective_options, filter, .by_default = "bilinear", .names = FV_WARP_FILTER_NAMES,
             .help = "how pixels are weighed"),
    FV_FIELD(fv_perspective_options, mode, .by_default = "constant", .names = FV_BORDER_NAMES,
             .help = "what is seen beyond the edge"),
    FV_FIELD(fv_perspective_options, fill, .by_default = "0",
             .help = "a constant border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

#define TRIES 10

/* False: the picture stays as it is. */
static bool draw(const fv_perspective_options *o, fv_random *random, fv_size before, fv_warp *warp) {
    if (fv_random_unit(random) >= o->probability) return false;
    double right = (double)(before.width - 1), bottom = (double)(before.height - 1);
    int64_t across = (int64_t)(o->distortion * (double)(before.width / 2)) + 1;
    int64_t down = (int64_t)(o->distortion * (double)(before.height / 2)) + 1;
    *warp =
        (fv_warp){ .height = before.height, .width = before.width, .filter = o->filter, .border = o->mode, .fill = o->fill };
    for (int i = 0; i < TRIES; i++) {
        double corners[4][2]; /* top left, top right, bottom right, bottom left */
        for (int c = 0; c < 4; c++) {
            double x = (double)fv_random_below(random, across), y = (double)fv_random_below(random, down);
            corners[c][0] = c == 1 || c == 2 ? right - x : x;
            corners[c][1] = c >= 2 ? bottom - y : y;
        }
        if (fv_warp_of_corners(right, bottom, corners, warp->back)) return true;
    }
    return false;
}

static fv_error *apply(const fv_transform_call *call) {
    fv_warp warp;
    if (!draw(call->options, call->random, fv_image_size(call->image), &warp)) return NULL;
    return fv_image_warp(call->image, &warp, call->work);
}

const fv_transform fv_transform_perspective = {
    .name = "perspective",
    .summary = "shows the picture as seen from a random point aside",
    .fields = fields,
    .example = "p=1",
    .apply = apply,
};
