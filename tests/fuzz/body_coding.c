/* Packed bodies: never more than the cap comes out. The first byte says which coding. */
#include "serve/body_coding.h"
#include "core/base/assert.h"

#define CAP 100000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    fv_body out = { 0 };
    if (!length) return 0;
    fv_error *error = fv_unpack(bytes[0] & 1 ? FV_CODING_GZIP : FV_CODING_DEFLATE, bytes + 1, (int64_t)length - 1, CAP, &out);
    FV_ASSERT(out.length <= CAP);
    fv_error_free(error);
    fv_body_release(&out);
    return 0;
}
