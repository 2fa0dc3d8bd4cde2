/* cutout.c - squares of one size are painted over. DeVries and Taylor, "Improved regularization of convolutional neural
 * networks with Cutout", 2017: the middle of a square is any pixel, as likely as another, and what lies outside the picture is
 * cut off. A square of even size reaches half its size up and left, one less down and right. */
#include "core/base/size.h"
#include "data/erase.h"

typedef struct fv_cutout_options {
    int when;
    double probability;
    int64_t count, size;
    int value;
    fv_floats fill;
} fv_cutout_options;

static const fv_field fields[] = {
    FV_WHEN(fv_cutout_options, "training"),
    FV_PROBABILITY(fv_cutout_options, "1"),
    FV_FIELD(fv_cutout_options, size, .required = true, .min = 1, .max = 65536, .help = "a side of a square, in pixels"),
    FV_FIELD(fv_cutout_options, count, .by_default = "1", .min = 1, .max = 1024, .help = "how many squares"),
    FV_FIELD(fv_cutout_options, value, .by_default = "constant", .names = FV_PAINT_NAMES,
             .help = "painted: fill, random values, or the picture's mean"),
    FV_FIELD(fv_cutout_options, fill, .by_default = "0", .max = 255,
             .help = "a constant's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *size(const void *options, fv_size *size) {
    const fv_cutout_options *o = options;
    return fv_erase_check(o->fill, size->channels);
}

static void place(int64_t middle, int64_t side, int64_t length, int64_t *first, int64_t *count) {
    int64_t end = fv_min(middle - side / 2 + side, length);
    *first = fv_max(middle - side / 2, 0);
    *count = end - *first;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_cutout_options *o = call->options;
    fv_image *image = call->image;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    for (int64_t i = 0; i < o->count; i++) {
        fv_box_of_pixels box;
        place(fv_random_below(call->random, image->height), o->size, image->height, &box.top, &box.height);
        place(fv_random_below(call->random, image->width), o->size, image->width, &box.left, &box.width);
        FV_TRY(fv_erase(image, box, o->value, o->fill, call->random));
    }
    return NULL;
}

const fv_transform fv_transform_cutout = {
    .name = "cutout",
    .summary = "paints squares over at random places",
    .fields = fields,
    .example = "size=24 count=2",
    .size = size,
    .apply = apply,
};
