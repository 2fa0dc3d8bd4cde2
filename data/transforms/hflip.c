/* hflip.c - left and right exchanged, with a probability. */
#include "data/transform.h"

typedef struct fv_hflip_options {
    int when;
    double probability;
} fv_hflip_options;

static const fv_field fields[] = {
    FV_WHEN(fv_hflip_options, "training"),
    FV_FIELD(fv_hflip_options, probability, .by_default = "0.5", .max = 1, .alias = "p", .help = "of a flip"),
    FV_FIELDS_END,
};

static void flip_row(uint8_t *row, int64_t width, int64_t size) {
    uint8_t *left = row, *right = row + (width - 1) * size;
    for (; left < right; left += size, right -= size)
        for (int64_t b = 0; b < size; b++) {
            uint8_t byte = left[b];
            left[b] = right[b];
            right[b] = byte;
        }
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_hflip_options *o = call->options;
    fv_image *image = call->image;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    uint8_t *row = image->pixels;
    for (int64_t y = 0; y < image->height; y++, row += fv_image_row_bytes(image))
        flip_row(row, image->width, fv_image_pixel_bytes(image));
    return NULL;
}

const fv_transform fv_transform_hflip = {
    .name = "hflip",
    .summary = "exchanges left and right at random",
    .fields = fields,
    .apply = apply,
};
