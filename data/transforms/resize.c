/* resize.c - another size, equal to Pillow's Image.resize as torchvision calls it; or, with antialias=false, to torchvision's
 * resize of tensors without antialiasing.
 *
 * size=S: the short side becomes S and the long one ⌊S · long / short⌋. size=H,W: exactly that. */
#include "data/window.h"

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
    FV_TRY(fv_filter_check(o->filter, o->antialias));
    if (o->size.count == 1 || o->size.count == 2) return NULL;
    return fv_fail(FV_USAGE, "size is the short side, or height and width; %lld numbers are given", (long long)o->size.count);
}

static fv_size resized(const fv_resize_options *o, fv_size size) {
    int64_t height = size.height, width = size.width, s = o->size.at[0];
    if (o->size.count == 2) return (fv_size){ s, o->size.at[1], size.channels };
    if (!height || !width) return (fv_size){ 0, 0, size.channels };
    return height < width ? (fv_size){ s, s * width / height, size.channels }
                          : (fv_size){ s * height / width, s, size.channels };
}

static fv_error *size(const void *options, fv_size *size) {
    *size = resized(options, *size);
    return NULL;
}

static fv_resize resize(const fv_resize_options *o, fv_size before, fv_size after) {
    fv_box_of_pixels all = { 0, 0, before.height, before.width };
    return (fv_resize){ all, after.height, after.width, fv_filter_of(o->filter, o->antialias) };
}

static fv_box_of_pixels region(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted) {
    (void)random;
    fv_size after = resized(options, before);
    if (after.height == before.height && after.width == before.width) return wanted;
    fv_resize r = resize(options, before, after);
    return fv_resample_reads(&r, wanted);
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_resize_options *o = call->options;
    fv_image *image = call->image;
    fv_view held = fv_transform_held(call);
    fv_size before = { held.height, held.width, image->channels }, after = resized(o, before);
    if (after.height == held.height && after.width == held.width)
        return fv_crop(call, (fv_box_of_pixels){ 0, 0, held.height, held.width }, FV_BORDER_CONSTANT, (fv_floats){ 0 });
    fv_box_of_pixels wanted = fv_transform_wanted(call, after);
    fv_resize r = resize(o, before, after);
    r.box.top -= held.box.top;
    r.box.left -= held.box.left;
    FV_TRY(fv_resample_part(image, &r, wanted, &call->work->resample, &call->work->spare));
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
    .region = region,
    .rescales = true,
};
