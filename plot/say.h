/* say.h - numbers as people read them, on pages and in tables. Texts are in the arena. */
#ifndef FV_PLOT_SAY_H
#define FV_PLOT_SAY_H

#include "core/base/arena.h"

/* "97.3 %": a share of `count` pictures, with as many digits as those justify. NaN is "undefined". */
FV_MUST_USE fv_error *fv_say_percent(fv_arena *arena, double share, int64_t count, const char **out);
/* Four digits, as many of them behind the point as that takes; without an exponent up to a million. NaN is "undefined". */
FV_MUST_USE fv_error *fv_say_number(fv_arena *arena, double number, const char **out);
/* "p = 0.013", "p < 0.0001". */
FV_MUST_USE fv_error *fv_say_p(fv_arena *arena, double p, const char **out);

#endif
