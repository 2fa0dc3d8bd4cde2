/* Any bytes that begin as a Netpbm picture does. */
#include "tests/fuzz/picture.h"

extern const fv_decoder fv_decoder_pnm;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_fuzz_picture(&fv_decoder_pnm, data, size);
    return 0;
}
