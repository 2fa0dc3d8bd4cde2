/* Requests of the Open Inference Protocol: two bytes say how long the JSON is (65535: all of it). What is read is there. */
#include <stddef.h>

#include "core/base/assert.h"
#include "serve/v2_request.h"

static void touch(const fv_v2_tensor *tensor) {
    double sum = 0;
    for (int64_t i = 0; tensor->floats && i < tensor->elements; i++) sum += tensor->floats[i];
    for (int64_t i = 0; tensor->bytes && i < tensor->elements; i++)
        for (int64_t k = 0; k < tensor->bytes[i].length; k++) sum += ((const uint8_t *)tensor->bytes[i].at)[k];
    volatile double kept = sum;
    (void)kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    fv_arena *arena = NULL;
    fv_v2_request v2;
    if (length < 2) return 0;
    int64_t json = bytes[0] | bytes[1] << 8;
    FV_ASSERT(!fv_arena_new("a body", 1 << 24, &arena));
    fv_error *error = fv_v2_parse(bytes + 2, (int64_t)length - 2, json == 65535 ? -1 : json, arena, &v2);
    for (int64_t i = 0; !error && i < v2.input_count; i++) touch(&v2.inputs[i]);
    fv_error_free(error);
    fv_arena_free(arena);
    return 0;
}
