/* Any bytes behind the two that make a file a JPEG: a picture or an error, in bounded memory. */
#include <stddef.h>

#include "data/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || data[0] != 0xFF || data[1] != 0xD8) return 0;
    FV_IMAGE(image);
    const fv_decode_options options = { .max_pixels = 1 << 20, .channels = size % 2 ? 3 : 0 };
    fv_error_free(fv_image_decode(data, (int64_t)size, "fuzz", &options, &image));
    return 0;
}
