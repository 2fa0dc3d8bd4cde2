/* picture.h - what the fuzz targets of the picture formats share: bytes that a format knows as its own become a picture whose
 * every byte can be read, or an error, in bounded memory. Seeds: tests/data/files/FORMAT. */
#ifndef FV_TEST_FUZZ_PICTURE_H
#define FV_TEST_FUZZ_PICTURE_H

#include <stddef.h>

#include "core/base/assert.h"
#include "data/decode/decoder.h"
#include "data/image.h"

static inline void fv_fuzz_picture(const fv_decoder *decoder, const uint8_t *data, size_t size) {
    static const int64_t channels[] = { 0, 1, 3, 4, 2, 5 };
    if (!decoder->matches(data, (int64_t)size)) return;
    FV_IMAGE(image);
    const fv_decode_options options = { .max_pixels = 1 << 20, .channels = channels[size % 6], .keep_u16 = size % 5 == 0 };
    fv_error *error = fv_image_decode(data, (int64_t)size, "fuzz", &options, &image);
    if (!error) {
        FV_ASSERT(image.height * image.width <= options.max_pixels);
        FV_ASSERT(!options.channels || image.channels == options.channels);
        FV_ASSERT(image.pixel != FV_PIXEL_U16 || options.keep_u16);
        uint8_t sum = 0;
        for (int64_t i = 0; i < fv_image_bytes(&image); i++) sum = (uint8_t)(sum + ((const uint8_t *)image.pixels)[i]);
        volatile uint8_t read = sum;
        (void)read;
    }
    fv_error_free(error);
}

#endif
