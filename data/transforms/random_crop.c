/* random_crop.c - a window of fixed size at a random place, after an optional border: every place that fits is as likely. */
#include "data/window.h"

typedef struct fv_random_crop_options {
    int when;
    int64_t size[2], padding[2];
    int mode;
    fv_floats fill;
} fv_random_crop_options;

static const fv_field fields[] = {
    FV_WHEN(fv_random_crop_options, "training"),
    FV_FIELD(fv_random_crop_options, size, .required = true, .min = 1, .max = 65536, .help = "height and width"),
    FV_FIELD(fv_random_crop_options, padding, .by_default = "0", .max = 65536,
             .help = "border before that, in pixels: above and below, left and right"),
    FV_FIELD(fv_random_crop_options, mode, .by_default = "constant", .names = FV_BORDER_NAMES, .help = "what the border shows"),
    FV_FIELD(fv_random_crop_options, fill, .by_default = "0",
             .help = "a constant border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *too_small(const fv_random_crop_options *o, const fv_size *size) {
    return fv_error_hint(fv_fail(FV_SHAPE, "cannot cut %lld×%lld out of %lld×%lld with a border of %lld,%lld (height×width)",
                                 (long long)o->size[0], (long long)o->size[1], (long long)size->height, (long long)size->width,
                                 (long long)o->padding[0], (long long)o->padding[1]),
                         "put resize before it, or raise padding");
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_random_crop_options *o = options;
    if ((size->height && size->height + 2 * o->padding[0] < o->size[0]) ||
        (size->width && size->width + 2 * o->padding[1] < o->size[1]))
        return too_small(o, size);
    size->height = o->size[0];
    size->width = o->size[1];
    return NULL;
}

/* Of a picture of that size, which is large enough. */
static fv_box_of_pixels draw(const fv_random_crop_options *o, fv_random *random, fv_size before) {
    int64_t rows = before.height + 2 * o->padding[0], columns = before.width + 2 * o->padding[1];
    int64_t top = fv_random_below(random, rows - o->size[0] + 1) - o->padding[0];
    int64_t left = fv_random_below(random, columns - o->size[1] + 1) - o->padding[1];
    return (fv_box_of_pixels){ top, left, o->size[0], o->size[1] };
}

static fv_box_of_pixels region(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted) {
    return fv_crop_reads(before, draw(options, random, before), wanted);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_random_crop_options *o = call->options;
    fv_view held = fv_transform_held(call);
    fv_size before = { held.height, held.width, call->image->channels }, after = before;
    FV_TRY(size(o, &after));
    return fv_crop(call, draw(o, call->random, before), o->mode, o->fill);
}

const fv_transform fv_transform_random_crop = {
    .name = "random_crop",
    .summary = "cuts out a window at a random place, optionally after putting a border around",
    .fields = fields,
    .example = "size=48",
    .size = size,
    .apply = apply,
    .region = region,
};
