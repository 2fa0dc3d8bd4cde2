/* reverse_channels.c - the channels in the other order: RGB becomes BGR, as networks want it that were trained with OpenCV or
 * Caffe. */
#include <string.h>

#include "data/transform.h"

typedef struct fv_reverse_channels_options {
    int when;
} fv_reverse_channels_options;

static const fv_field fields[] = { FV_WHEN(fv_reverse_channels_options, "always"), FV_FIELDS_END };

static fv_error *apply(const fv_transform_call *call) {
    fv_image *image = call->image;
    int64_t channels = image->channels, size = fv_pixel_size(image->pixel);
    for (int64_t i = 0; i < image->height * image->width; i++) {
        uint8_t *pixel = (uint8_t *)image->pixels + i * channels * size, held[8];
        for (int64_t a = 0, b = channels - 1; a < b; a++, b--) {
            memcpy(held, pixel + a * size, (size_t)size);
            memcpy(pixel + a * size, pixel + b * size, (size_t)size);
            memcpy(pixel + b * size, held, (size_t)size);
        }
    }
    return NULL;
}

const fv_transform fv_transform_reverse_channels = {
    .name = "reverse_channels",
    .summary = "puts the channels in the other order: RGB becomes BGR",
    .fields = fields,
    .apply = apply,
};
