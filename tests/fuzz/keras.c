/* Any bytes as Keras's HDF5, read as any such file is, by fovea-reader: tensors within their bounds, or an error. What it does
 * to HDF5's library is an error like any other. Seeds are in tests/fuzz/corpus/keras, made by tests/golden/weights.py. */
#include "core/formats/reader.h"
#include "tests/fuzz/weights.h"

extern const fv_format fv_format_keras;

/* Without a reader every file is refused, and nothing is fuzzed. */
static void find_reader(void) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    FV_ASSERT(!fv_arena_new("a path", 1 << 16, &arena) && !fv_reader_find(arena, &path));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    if (!length || length > 1 << 20) return 0;
    find_reader();
    fv_fuzz_weights(&fv_format_keras, bytes, (int64_t)length);
    return 0;
}
