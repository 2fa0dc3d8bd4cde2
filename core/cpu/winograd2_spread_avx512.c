/* shared: winograd2_spread_avx512.c - the transforms of the gradient of a 3×3 convolution of stride 2 by Winograd's F(2×2, 2×2)
 * (winograd.h) by vectors of 16. */
#include "core/cpu/winograd2_spread_axes.h"
#include "core/cpu/winograd_tiles.h"

static void from_taps(const float *taps, int64_t tap, int64_t rows, int part, bool streamed, float *to, int64_t plane) {
    fv_winograd2_phases_by_16.from_taps(taps, tap, rows, part, streamed, to, plane);
}

const fv_winograd_vectors fv_winograd2_spread_by_16 = { { .from_x = from_x, .to_y = to_y }, .from_taps = from_taps };
