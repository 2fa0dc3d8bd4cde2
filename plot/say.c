/* say.c - numbers as people read them. */
#include "plot/say.h"

#include <math.h>

#define FEW 1000 /* pictures of which one is more than a tenth of a per cent */

fv_error *fv_say_percent(fv_arena *arena, double share, int64_t count, const char **out) {
    if (isnan(share)) return fv_arena_text(arena, "undefined", out);
    return fv_arena_format(arena, out, "%.*f %%", count < FEW ? 1 : 2, 100 * share);
}

fv_error *fv_say_number(fv_arena *arena, double number, const char **out) {
    double size = fabs(number);
    if (isnan(number)) return fv_arena_text(arena, "undefined", out);
    if (size != 0 && (size < 1e-4 || size >= 1e6)) return fv_arena_format(arena, out, "%.4g", number);
    int whole = size >= 1 ? (int)floor(log10(size)) + 1 : 1;
    return fv_arena_format(arena, out, "%.*f", whole < 4 ? 4 - whole : 0, number);
}

fv_error *fv_say_p(fv_arena *arena, double p, const char **out) {
    if (p < 1e-4) return fv_arena_text(arena, "p < 0.0001", out);
    return fv_arena_format(arena, out, "p = %.*f", p < 0.001 ? 4 : p < 0.1 ? 3 : 2, p);
}
