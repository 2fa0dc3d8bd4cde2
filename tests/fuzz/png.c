/* Any bytes behind PNG's signature: a picture or an error, in bounded memory. The last byte chooses the form asked for. */
#include "data/image.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int64_t channels[] = { 0, 1, 3, 4 };
    if (size < 8 || memcmp(data, "\x89PNG", 4) != 0) return 0;
    uint8_t form = data[size - 1];
    FV_IMAGE(image);
    const fv_decode_options options = { .max_pixels = 1 << 20, .channels = channels[form % 4], .keep_u16 = form & 4 };
    fv_error_free(fv_image_decode(data, (int64_t)size, "fuzz", &options, &image));
    return 0;
}
