/* Any bytes behind PNG's signature: a picture or an error, in bounded memory. The first byte chooses the form asked for. */
#include "data/image.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int64_t channels[] = { 0, 1, 3, 4 };
    if (size < 9 || memcmp(data + 1, "\x89PNG", 4) != 0) return 0;
    FV_IMAGE(image);
    const fv_decode_options options = { .max_pixels = 1 << 20, .channels = channels[data[0] % 4], .keep_u16 = data[0] & 4 };
    fv_error_free(fv_image_decode(data + 1, (int64_t)size - 1, "fuzz", &options, &image));
    return 0;
}
