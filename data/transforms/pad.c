/* pad.c - a border around the picture. */
#include "data/window.h"

typedef struct fv_pad_options {
    int when;
    int64_t padding[4];
    int mode;
    fv_floats fill;
} fv_pad_options;

enum { LEFT, TOP, RIGHT, BOTTOM };

static const fv_field fields[] = {
    FV_WHEN(fv_pad_options, "always"),
    FV_FIELD(fv_pad_options, padding, .required = true, .max = 65536, .help = "pixels at the left, top, right and bottom"),
    FV_FIELD(fv_pad_options, mode, .by_default = "constant", .names = FV_BORDER_NAMES, .help = "what the border shows"),
    FV_FIELD(fv_pad_options, fill, .by_default = "0", .help = "a constant border's value, 0 to 255; one, or one a channel"),
    FV_FIELDS_END,
};

static fv_error *size(const void *options, fv_size *size) {
    const fv_pad_options *o = options;
    if (size->height) size->height += o->padding[TOP] + o->padding[BOTTOM];
    if (size->width) size->width += o->padding[LEFT] + o->padding[RIGHT];
    return NULL;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_pad_options *o = call->options;
    fv_size after = fv_image_size(call->image);
    FV_TRY(size(o, &after));
    fv_box_of_pixels window = { -o->padding[TOP], -o->padding[LEFT], after.height, after.width };
    return fv_image_window(call->image, window, o->mode, o->fill, call->work);
}

const fv_transform fv_transform_pad = {
    .name = "pad",
    .summary = "puts a border around the picture",
    .fields = fields,
    .example = "padding=12 mode=reflect",
    .size = size,
    .apply = apply,
};
