/* shared: winograd4_avx512.c - Winograd's transforms and products (winograd4.h) by vectors of 16. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 16
typedef __m512 lanes;
static inline __mmask16 first_lanes(int64_t count) { return (__mmask16)((1u << count) - 1); }
static inline lanes load(const float *from) { return _mm512_loadu_ps(from); }
static inline lanes load_tail(const float *from, int64_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), from); }
static inline void store(float *to, lanes value) { _mm512_storeu_ps(to, value); }
static inline void store_tail(float *to, lanes value, int64_t count) { _mm512_mask_storeu_ps(to, first_lanes(count), value); }
static inline lanes all(float value) { return _mm512_set1_ps(value); }
static inline lanes multiply_add(lanes a, lanes b, lanes c) { return _mm512_fmadd_ps(a, b, c); }

#include "core/cpu/winograd4_tiles.h"

/* 8×32: 16 sums, 2 vectors of b. */
static void product(const float *a, const float *b, int64_t panel, int panels, int64_t tiles, bool add, float *to) {
    if (panels == 2) {
        chains(0, 8, 2, a, b, panel, tiles, add, to);
        chains(8, 8, 2, a, b, panel, tiles, add, to);
    } else {
        chains(0, 8, 1, a, b, panel, tiles, add, to);
        chains(8, 8, 1, a, b, panel, tiles, add, to);
    }
}

const fv_winograd4_vectors fv_winograd4_by_16 = { from_x, from_dy, to_y, from_taps, product, to_taps };
