/* center_crop.c - the middle of the picture. The offset is (size − crop) / 2 rounded half to even, as in torchvision; a picture
 * that is smaller gets a border of zeros, the smaller half of it at the top and left. */
#include "data/window.h"

typedef struct fv_center_crop_options {
    int when;
    int64_t size[2];
} fv_center_crop_options;

static const fv_field fields[] = {
    FV_WHEN(fv_center_crop_options, "always"),
    FV_FIELD(fv_center_crop_options, size, .required = true, .min = 1, .max = 65536, .help = "height and width"),
    FV_FIELDS_END,
};

static int64_t offset(int64_t size, int64_t crop) {
    if (size < crop) return -((crop - size) / 2);
    int64_t half = (size - crop) / 2;
    return (size - crop) % 2 ? half + half % 2 : half;
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_center_crop_options *o = options;
    size->height = o->size[0];
    size->width = o->size[1];
    return NULL;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_center_crop_options *o = call->options;
    int64_t top = offset(call->image->height, o->size[0]), left = offset(call->image->width, o->size[1]);
    fv_box_of_pixels window = { top, left, o->size[0], o->size[1] };
    return fv_image_window(call->image, window, FV_BORDER_CONSTANT, (fv_floats){ 0 }, call->work);
}

const fv_transform fv_transform_center_crop = {
    .name = "center_crop",
    .summary = "cuts out the middle; a smaller picture gets a black border",
    .fields = fields,
    .example = "size=48",
    .size = size,
    .apply = apply,
};
