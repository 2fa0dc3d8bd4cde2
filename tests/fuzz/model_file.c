/* A model's HDF5 image, whatever it holds, signed as a whole file is: read or refused, and what is read is written and read
 * again. HDF5's library runs in this process here, without the limits of fovea-reader: sizes that it cannot have are refused to
 * it. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/model_trailer.h"

FV_API const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1:max_allocation_size_mb=256"; }

static void read_again(const fv_model *model) {
    FV_OWNED(fv_model) again = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_ASSERT(!fv_model_encode(model, true, &bytes, &length));
    FV_ASSERT(!fv_model_decode(bytes, length, "again", &again));
    fv_memory_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *image, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *image, size_t length) {
    FV_OWNED(fv_model) model = NULL;
    uint8_t *file;
    if (length > 1 << 20) return 0;
    FV_ASSERT(!fv_memory_new((int64_t)length + FV_MODEL_TRAILER, &file));
    memcpy(file, image, length);
    fv_trailer_write(file, (int64_t)length);
    fv_error *error = fv_model_decode(file, (int64_t)length + FV_MODEL_TRAILER, "fuzz", &model);
    FV_ASSERT(!error == (model != NULL));
    if (!error) read_again(model);
    fv_error_free(error);
    fv_memory_free(file);
    return 0;
}
