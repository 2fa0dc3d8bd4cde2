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

static fv_box_of_pixels middle(const fv_center_crop_options *o, int64_t height, int64_t width) {
    return (fv_box_of_pixels){ offset(height, o->size[0]), offset(width, o->size[1]), o->size[0], o->size[1] };
}

static fv_box_of_pixels region(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted) {
    (void)random;
    return fv_crop_reads(before, middle(options, before.height, before.width), wanted);
}

static fv_error *apply(const fv_transform_call *call) {
    fv_view held = fv_transform_held(call);
    return fv_crop(call, middle(call->options, held.height, held.width), FV_BORDER_CONSTANT, (fv_floats){ 0 });
}

const fv_transform fv_transform_center_crop = {
    .name = "center_crop",
    .summary = "cuts out the middle; a smaller picture gets a black border",
    .fields = fields,
    .example = "size=48",
    .size = size,
    .apply = apply,
    .region = region,
};
