/* size.h - sizes from the outside world, multiplied and added with a check. int64_t everywhere; a negative size is an
 * overflow. */
#ifndef FV_BASE_SIZE_H
#define FV_BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* True and `*out` = a·b (a+b), or false when it does not fit or an operand is negative. */
static inline bool fv_size_mul(int64_t a, int64_t b, int64_t *out) {
    return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, out);
}
static inline bool fv_size_add(int64_t a, int64_t b, int64_t *out) {
    return a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, out);
}

static inline int64_t fv_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t fv_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t fv_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t fv_round_up(int64_t a, int64_t multiple) { return fv_ceil_div(a, multiple) * multiple; }

#endif
