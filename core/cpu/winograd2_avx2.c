/* shared: winograd2_avx2.c - the transforms of Winograd's F(2×2, 3×3) (winograd.h) by vectors of 8. */
#include "core/cpu/winograd2_axes.h"
#include "core/cpu/winograd_tiles.h"

const fv_winograd_vectors fv_winograd2_by_8 = { { from_x, from_dy, to_y }, from_taps, to_taps };
