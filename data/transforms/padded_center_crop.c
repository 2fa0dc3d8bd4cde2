/* padded_center_crop.c - the square in the middle that a resize to `size` with `padding` pixels around it would leave: its side
 * is ⌊size / (size + padding) · short side⌋ and its offset ⌊(side of the picture − side + 1) / 2⌋, as TensorFlow's EfficientNet
 * crops before it resizes. */
#include "core/base/size.h"
#include "data/window.h"

typedef struct fv_padded_center_crop_options {
    int when;
    int64_t size, padding;
} fv_padded_center_crop_options;

static const fv_field fields[] = {
    FV_WHEN(fv_padded_center_crop_options, "always"),
    FV_FIELD(fv_padded_center_crop_options, size, .required = true, .min = 1, .max = 65536,
             .help = "pixels of the square that it is resized to afterwards"),
    FV_FIELD(fv_padded_center_crop_options, padding, .by_default = "32", .max = 65536,
             .help = "pixels around it that are left out, at that size"),
    FV_FIELDS_END,
};

/* In double, as the reference divides. */
static int64_t side_of(const fv_padded_center_crop_options *o, int64_t height, int64_t width) {
    double share = (double)o->size / (double)(o->size + o->padding);
    return fv_max((int64_t)(share * (double)fv_min(height, width)), 1);
}

static fv_error *size(const void *options, fv_size *size) {
    bool known = size->height && size->width;
    size->height = size->width = known ? side_of(options, size->height, size->width) : 0;
    return NULL;
}

static fv_box_of_pixels middle(const fv_padded_center_crop_options *o, int64_t height, int64_t width) {
    int64_t side = side_of(o, height, width);
    return (fv_box_of_pixels){ (height - side + 1) / 2, (width - side + 1) / 2, side, side };
}

static fv_box_of_pixels region(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted) {
    (void)random;
    return fv_crop_reads(before, middle(options, before.height, before.width), wanted);
}

static fv_error *apply(const fv_transform_call *call) {
    fv_view held = fv_transform_held(call);
    return fv_crop(call, middle(call->options, held.height, held.width), FV_BORDER_CONSTANT, (fv_floats){ 0 });
}

const fv_transform fv_transform_padded_center_crop = {
    .name = "padded_center_crop",
    .summary = "cuts out the square in the middle that EfficientNet looks at, before it is resized",
    .fields = fields,
    .size = size,
    .apply = apply,
    .region = region,
};
