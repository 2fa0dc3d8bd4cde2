/* Any bytes as the pickle of a checkpoint, with three storages beside it: tensors within their bounds, or an error. Seeds are
 * in tests/fuzz/corpus/pickle, made by tests/golden/weights.py. */
#include "tests/fuzz/weights.h"

extern const fv_format fv_format_pth;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const uint8_t storage[64];
    FV_TEXT(archive, 1 << 21);
    if (length > 1 << 20) return 0;
    const fv_fuzz_member members[] = { { "x/data.pkl", bytes, (int64_t)length },
                                       { "x/data/0", storage, sizeof storage },
                                       { "x/data/1", storage, sizeof storage },
                                       { "x/data/2", storage, 8 } };
    fv_fuzz_archive(members, 4, &archive);
    fv_fuzz_weights(&fv_format_pth, (const uint8_t *)archive.at, archive.length);
    return 0;
}
