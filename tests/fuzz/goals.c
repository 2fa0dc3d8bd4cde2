/* Any text as a recipe's targets: an error, or goals with finite bounds. */
#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "train/goals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[1024];
    if (size >= sizeof text || memchr(data, 0, size)) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    FV_OWNED(fv_arena) arena = NULL;
    fv_goals goals;
    fv_error *error = fv_arena_new("goals", 1 << 20, &arena);
    if (!error) error = fv_goals_parse(text, FV_ONE_CLASS, 3, arena, &goals);
    for (int64_t i = 0; !error && i < goals.count; i++) FV_ASSERT(goals.at[i].what && isfinite(goals.at[i].bound));
    fv_error_free(error);
    return 0;
}
