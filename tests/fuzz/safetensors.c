/* Any bytes as safetensors, and as an index of such, whose parts are not there: tensors within their bounds, or an error. Seeds
 * are in tests/fuzz/corpus/safetensors, made by tests/golden/weights.py. */
#include "tests/fuzz/weights.h"

extern const fv_format fv_format_safetensors, fv_format_safetensors_index;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    fv_fuzz_weights(&fv_format_safetensors, bytes, (int64_t)length);
    fv_fuzz_weights(&fv_format_safetensors_index, bytes, (int64_t)length);
    return 0;
}
