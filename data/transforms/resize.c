/* resize.c - another size, equal to Pillow's Image.resize as torchvision calls it; or, with antialias=false, to torchvision's
 * resize of tensors without antialiasing.
 *
 * size=S: the short side becomes S and the long one ⌊S · long / short⌋. size=H,W: exactly that. */
#include "data/transform.h"

typedef struct fv_resize_options {
    int when;
    fv_ints size;
    int filter;
    bool antialias;
} fv_resize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_resize_options, "always"),
    FV_FIELD(fv_resize_options, size, .required = true, .min = 1, .max = 65536, .help = "the short side, or height and width"),
    FV_FIELD(fv_resize_options, filter, .by_default = "bilinear", .names = FV_FILTER_NAMES, .help = "how pixels are weighed"),
    FV_FIELD(fv_resize_options, antialias, .by_default = "true",
             .help = "shrinking looks at all pixels; else at those next to each point"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_resize_options *o = options;
    fv_filter filter = o->filter;
    if (!o->antialias) FV_TRY(fv_filter_plain(filter, &filter));
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
    fv_filter filter = o->filter;
    if (!o->antialias) FV_TRY(fv_filter_plain(filter, &filter));
    fv_box_of_pixels all = { 0, 0, image->height, image->width };
    FV_TRY(fv_resample(image, all, after.height, after.width, filter, &call->work->resample, &call->work->spare));
    fv_image_swap(image, &call->work->spare);
    return NULL;
}

const fv_transform fv_transform_resize = {
    .name = "resize",
    .summary = "resizes the short side, or to an exact size, with Pillow's filters",
    .fields = fields,
    .example = "size=32",
    .check = check,
    .size = size,
    .apply = apply,
};
