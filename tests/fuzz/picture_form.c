/* Forms, whose first line is their Content-Type: pictures lie in the body, or it is refused. */
#include <stddef.h>

#include <string.h>

#include "core/base/assert.h"
#include "serve/picture_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    const uint8_t *end = bytes + length, *line = length ? memchr(bytes, '\n', length) : NULL;
    const char *type, *boundary;
    fv_arena *arena = NULL;
    fv_picture_list list;
    if (!line) return 0;
    FV_ASSERT(!fv_arena_new("a body", 1 << 24, &arena));
    FV_ASSERT(!fv_arena_format(arena, &type, "%.*s", (int)(line - bytes), (const char *)bytes));
    FV_ASSERT(!fv_form_boundary(type, arena, &boundary));
    fv_error *error = fv_pictures_of_form(line + 1, end - line - 1, boundary, arena, &list);
    for (int64_t i = 0; !error && i < list.count; i++) {
        const uint8_t *at = list.at[i].bytes;
        FV_ASSERT(at > line && list.at[i].length >= 0 && at + list.at[i].length <= end);
    }
    fv_error_free(error);
    fv_arena_free(arena);
    return 0;
}
