/* Any bytes as a checkpoint of PyTorch's, an archive or an older file: tensors within their bounds, or an error. Seeds are in
 * tests/fuzz/corpus/pth, made by tests/golden/weights.py. */
#include "tests/fuzz/weights.h"

extern const fv_format fv_format_pth;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    fv_fuzz_weights(&fv_format_pth, bytes, (int64_t)length);

    return 0;
}
