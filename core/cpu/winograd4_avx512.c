/* shared: winograd4_avx512.c - Winograd's transforms and products (winograd4.h) by vectors of 16. */
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
