/* Bodies of JSON with pictures: read or refused, and what is read has bytes for each. */
#include <stddef.h>

#include "core/base/assert.h"
#include "serve/picture_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    fv_arena *arena = NULL;
    fv_picture_list list;
    FV_ASSERT(!fv_arena_new("a body", 1 << 24, &arena));
    fv_error *error = fv_pictures_of_json((const char *)bytes, (int64_t)length, arena, &list);
    for (int64_t i = 0; !error && i < list.count; i++)
        FV_ASSERT(list.at[i].bytes && list.at[i].length >= 0 && list.at[i].length <= (int64_t)length);
    fv_error_free(error);
    fv_arena_free(arena);
    return 0;
}
