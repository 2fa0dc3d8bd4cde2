/* Any bytes that begin as a GIF does. */
#include "tests/fuzz/picture.h"

extern const fv_decoder fv_decoder_gif;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_fuzz_picture(&fv_decoder_gif, data, size);
    return 0;
}
