/* Any bytes as an IDX file, plain or gzip: an array whose bytes are all there, or an error. */
#include <stddef.h>

#include "core/base/assert.h"
#include "data/sources/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fv_idx idx;
    fv_error *error = fv_idx_parse(data, (int64_t)size, &idx);
    FV_ASSERT((error != NULL) == (idx.data == NULL));
    volatile uint8_t last = 0;
    if (!error && idx.count) last = idx.data[idx.count - 1];
    (void)last;
    fv_error_free(error);
    fv_idx_release(&idx);
    return 0;
}
