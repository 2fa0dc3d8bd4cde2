/* Any bytes as NumPy's archive, and as an array in one: tensors within their bounds, or an error. Seeds are in
 * tests/fuzz/corpus/npz, made by tests/golden/weights.py. */
#include "tests/fuzz/weights.h"

extern const fv_format fv_format_npz;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    FV_TEXT(archive, 1 << 21);
    if (length > 1 << 20) return 0;
    fv_fuzz_weights(&fv_format_npz, bytes, (int64_t)length);
    fv_fuzz_archive(&(fv_fuzz_member){ "a.npy", bytes, (int64_t)length }, 1, &archive);
    fv_fuzz_weights(&fv_format_npz, (const uint8_t *)archive.at, archive.length);
    return 0;
}
