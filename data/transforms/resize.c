/* resize.c - another size, antialiased, equal to Pillow's Image.resize as torchvision calls it.
 *
 * size=S: the short side becomes S and the long one ⌊S · long / short⌋. size=H,W: exactly that. */
#include "data/transform.h"

typedef struct fv_resize_options {
    int when;
    fv_ints size;
    int filter;
} fv_resize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_resize_options, "always"),
    FV_FIELD(fv_resize_options, size, .required = true, .min = 1, .max = 65536, .help = "the short side, or height and width"),
    FV_FIELD(fv_resize_options, filter, .by_default = "bilinear", .names = FV_FILTER_NAMES, .help = "how pixels are weighed"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_resize_options *o = options;
    if (o->size.count == 1 || o->size.count == 2) return NULL;
    return fv_fail(FV_USAGE, "size is the short side, or height and width; %lld numbers are given", (long long)o->size.count);
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_resize_options *o = options;
    int64_t height = size->height, width = size->width, s = o->size.at[0];
    if (o->size.count == 2) {
        size->height = s;
        size->width = o->size.at[1];
    } else if (!height || !width) {
        size->height = size->width = 0;
    } else {
        size->height = height < width ? s : s * height / width;
        size->width = height < width ? s * width / height : s;
    }
    return NULL;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_resize_options *o = call->options;
    fv_image *image = call->image;
    fv_size after = fv_image_size(image);
    FV_TRY(size(o, &after));
    if (after.height == image->height && after.width == image->width) return NULL;
    fv_box_of_pixels all = { 0, 0, image->height, image->width };
    FV_TRY(fv_resample(image, all, after.height, after.width, o->filter, &call->work->resample, &call->work->spare));
    fv_image_swap(image, &call->work->spare);
    return NULL;
}

const fv_transform fv_transform_resize = {
    .name = "resize",
    .summary = "resizes the short side, or to an exact size, antialiased as Pillow does it",
    .fields = fields,
    .check = check,
    .size = size,
    .apply = apply,
};
