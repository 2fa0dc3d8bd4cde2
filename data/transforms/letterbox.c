/* letterbox.c - the whole picture fitted into a size with its shape kept, in the middle, with a border around.
 *
 * The factor is min(height / picture's, width / picture's), the picture's sides are rounded half to even, the smaller half of a
 * border stands at the top and left. stride=S: the border only goes on to the next multiple of S. */
#include <math.h>

#include "core/base/size.h"
#include "data/window.h"

typedef struct fv_letterbox_options {
    int when;
    int64_t size[2], stride;
    bool scale_up;
    int filter;
    bool antialias;
    fv_floats fill;
} fv_letterbox_options;

static const fv_field fields[] = {
    FV_WHEN(fv_letterbox_options, "always"),
    FV_FIELD(fv_letterbox_options, size, .required = true, .min = 1, .max = 65536, .help = "height and width"),
    FV_FIELD(fv_letterbox_options, stride, .max = 65536,
             .help = "the border ends at the next multiple of it in height and in width; 0: at size"),
    FV_FIELD(fv_letterbox_options, scale_up, .by_default = "true", .help = "a smaller picture is enlarged"),
    FV_FIELD(fv_letterbox_options, filter, .by_default = "bilinear", .names = FV_FILTER_NAMES,
             .help = "how pixels are weighed"),
    FV_FIELD(fv_letterbox_options, antialias, .by_default = "true",
             .help = "shrinking looks at all pixels; else at those next to each point"),
    FV_FIELD(fv_letterbox_options, fill, .by_default = "114", .help = "the border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_letterbox_options *o = options;
    return fv_filter_check(o->filter, o->antialias);
}

/* The size that the picture itself gets, and the window of it, border and all, that is the result. */
typedef struct place {
    int64_t height, width;
    fv_box_of_pixels window;
} place;

static int64_t scaled(int64_t side, double factor) { return fv_max((int64_t)rint((double)side * factor), 1); }

static place place_of(const fv_letterbox_options *o, int64_t height, int64_t width) {
    double factor = fmin((double)o->size[0] / (double)height, (double)o->size[1] / (double)width);
    if (!o->scale_up) factor = fmin(factor, 1);
    place p = { .height = scaled(height, factor), .width = scaled(width, factor) };
    p.window.height = o->stride ? fv_round_up(p.height, o->stride) : o->size[0];
    p.window.width = o->stride ? fv_round_up(p.width, o->stride) : o->size[1];
    p.window.top = -((p.window.height - p.height) / 2);
    p.window.left = -((p.window.width - p.width) / 2);
    return p;
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_letterbox_options *o = options;
    bool known = size->height && size->width;
    place p = place_of(o, known ? size->height : 1, known ? size->width : 1);
    size->height = known || !o->stride ? p.window.height : 0;
    size->width = known || !o->stride ? p.window.width : 0;
    return NULL;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_letterbox_options *o = call->options;
    fv_image *image = call->image, *spare = &call->work->spare;
    place p = place_of(o, image->height, image->width);
    if (p.height != image->height || p.width != image->width) {
        fv_filter filter = fv_filter_of(o->filter, o->antialias);
        fv_box_of_pixels all = { 0, 0, image->height, image->width };
        FV_TRY(fv_resample(image, all, p.height, p.width, filter, &call->work->resample, spare));
        fv_image_swap(image, spare);
    }
    return fv_image_window(image, p.window, FV_BORDER_CONSTANT, o->fill, call->work);
}

const fv_transform fv_transform_letterbox = {
    .name = "letterbox",
    .summary = "fits the whole picture into a size, with a border around",
    .fields = fields,
    .example = "size=80",
    .check = check,
    .size = size,
    .apply = apply,
};
