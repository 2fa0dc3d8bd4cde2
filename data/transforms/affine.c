/* affine.c - the picture turned, shifted, zoomed and sheared about its centre in one step, as torchvision's affine with the
 * same parameters: the angle is clockwise, the shift whole pixels. */
#include <math.h>

#include "data/warp.h"

typedef struct fv_affine_options {
    int when;
    double probability, degrees[2], shift_x[2], shift_y[2], zoom[2], shear_x[2], shear_y[2];
    int filter, mode;
    fv_floats fill;
} fv_affine_options;

static const fv_field fields[] = {
    FV_WHEN(fv_affine_options, "training"),
    FV_PROBABILITY(fv_affine_options, "1"),
    FV_FIELD(fv_affine_options, degrees, .by_default = "0", .min = -360, .max = 360,
             .help = "smallest and largest angle, clockwise"),
    FV_FIELD(fv_affine_options, shift_x, .by_default = "0", .min = -1, .max = 1,
             .help = "smallest and largest shift to the right, as a part of the width"),
    FV_FIELD(fv_affine_options, shift_y, .by_default = "0", .min = -1, .max = 1,
             .help = "smallest and largest shift down, as a part of the height"),
    FV_FIELD(fv_affine_options, zoom, .by_default = "1", .min = 1e-3, .max = 1e3,
             .help = "smallest and largest factor; above 1 things get larger"),
    FV_FIELD(fv_affine_options, shear_x, .by_default = "0", .min = -89, .max = 89,
             .help = "smallest and largest angle in degrees by which columns lean"),
    FV_FIELD(fv_affine_options, shear_y, .by_default = "0", .min = -89, .max = 89,
             .help = "smallest and largest angle in degrees by which rows lean"),
    FV_FIELD(fv_affine_options, filter, .by_default = "bilinear", .names = FV_WARP_FILTER_NAMES,
             .help = "how pixels are weighed"),
    FV_FIELD(fv_affine_options, mode, .by_default = "constant", .names = FV_BORDER_NAMES,
             .help = "what is seen beyond the edge"),
    FV_FIELD(fv_affine_options, fill, .by_default = "0", .help = "a constant border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_affine_options *o = options;
    FV_TRY(fv_range_check("degrees", o->degrees));
    FV_TRY(fv_range_check("shift_x", o->shift_x));
    FV_TRY(fv_range_check("shift_y", o->shift_y));
    FV_TRY(fv_range_check("zoom", o->zoom));
    FV_TRY(fv_range_check("shear_x", o->shear_x));
    return fv_range_check("shear_y", o->shear_y);
}

static double drawn(fv_random *random, const double range[2]) { return fv_random_between(random, range[0], range[1]); }

/* False: the picture stays as it is. */
static bool draw(const fv_affine_options *o, fv_random *random, fv_size before, fv_warp *warp) {
    if (fv_random_unit(random) >= o->probability) return false;
    fv_warp_turn turn = { .angle = drawn(random, o->degrees) };
    turn.shift_x = rint(drawn(random, o->shift_x) * (double)before.width);
    turn.shift_y = rint(drawn(random, o->shift_y) * (double)before.height);
    turn.zoom = drawn(random, o->zoom);
    turn.shear_x = drawn(random, o->shear_x);
    turn.shear_y = drawn(random, o->shear_y);
    *warp =
        (fv_warp){ .height = before.height, .width = before.width, .filter = o->filter, .border = o->mode, .fill = o->fill };
    fv_warp_of_turn(&turn, before.height, before.width, before.height, before.width, warp->back);
    return true;
}

static fv_error *apply(const fv_transform_call *call) {
    fv_warp warp;
    if (!draw(call->options, call->random, fv_image_size(call->image), &warp)) return NULL;
    return fv_image_warp(call->image, &warp, call->work);
}

const fv_transform fv_transform_affine = {
    .name = "affine",
    .summary = "turns, shifts, zooms and shears the picture at random",
    .fields = fields,
    .example = "degrees=-20,20 shift_x=-0.2,0.2 shift_y=-0.2,0.2 zoom=0.7,1.3 shear_x=-15,15",
    .check = check,
    .apply = apply,
};
