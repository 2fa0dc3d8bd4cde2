/* rotate.c - the picture turned by a random angle about its centre, as torchvision's rotate: counter-clockwise. */
#include <math.h>

#include "data/warp.h"

typedef struct fv_rotate_options {
    int when;
    double probability, degrees[2];
    bool expand;
    int filter, mode;
    fv_floats fill;
} fv_rotate_options;

static const fv_field fields[] = {
    FV_WHEN(fv_rotate_options, "training"),
    FV_PROBABILITY(fv_rotate_options, "1"),
    FV_FIELD(fv_rotate_options, degrees, .required = true, .min = -360, .max = 360,
             .help = "smallest and largest angle, counter-clockwise"),
    FV_FIELD(fv_rotate_options, expand, .help = "makes the picture as large as it needs to be to show all of what was in it"),
    FV_FIELD(fv_rotate_options, filter, .by_default = "bilinear", .names = FV_WARP_FILTER_NAMES,
             .help = "how pixels are weighed"),
    FV_FIELD(fv_rotate_options, mode, .by_default = "constant", .names = FV_BORDER_NAMES,
             .help = "what is seen beyond the edge"),
    FV_FIELD(fv_rotate_options, fill, .by_default = "0", .help = "a constant border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_rotate_options *o = options;
    return fv_range_check("degrees", o->degrees);
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_rotate_options *o = options;
    if (o->expand) size->height = size->width = 0; /* by the angle */
    return NULL;
}

/* The size that holds a picture of height × width after the turn: whole pixels that its corners reach by more than 10⁻⁴. */
static void expand(const double back[9], fv_warp *warp) {
    double half_width = (double)warp->width / 2, half_height = (double)warp->height / 2;
    double x = fabs(back[0]) * half_width + fabs(back[1]) * half_height;
    double y = fabs(back[3]) * half_width + fabs(back[4]) * half_height;
    const double parts = 1e4;
    double right = ceil(trunc((half_width + x) * parts) / parts), left = floor(trunc((half_width - x) * parts) / parts);
    double bottom = ceil(trunc((half_height + y) * parts) / parts), top = floor(trunc((half_height - y) * parts) / parts);
    warp->width = (int64_t)(right - left);
    warp->height = (int64_t)(bottom - top);
}

/* False: the picture stays as it is. */
static bool draw(const fv_rotate_options *o, fv_random *random, fv_size before, fv_warp *warp) {
    if (fv_random_unit(random) >= o->probability) return false;
    fv_warp_turn turn = { .angle = -fv_random_between(random, o->degrees[0], o->degrees[1]), .zoom = 1 };
    *warp =
        (fv_warp){ .height = before.height, .width = before.width, .filter = o->filter, .border = o->mode, .fill = o->fill };
    fv_warp_of_turn(&turn, before.height, before.width, before.height, before.width, warp->back);
    if (!o->expand) return true;
    expand(warp->back, warp);
    fv_warp_of_turn(&turn, before.height, before.width, warp->height, warp->width, warp->back);
    return true;
}

static fv_error *apply(const fv_transform_call *call) {
    fv_warp warp;
    if (!draw(call->options, call->random, fv_image_size(call->image), &warp)) return NULL;
    return fv_image_warp(call->image, &warp, call->work);
}

const fv_transform fv_transform_rotate = {
    .name = "rotate",
    .summary = "turns the picture by a random angle",
    .fields = fields,
    .example = "degrees=-45,45 mode=reflect",
    .check = check,
    .size = size,
    .apply = apply,
};
