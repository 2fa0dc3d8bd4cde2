/* shared: winograd2_phases_avx2.c - the transforms of a 3×3 convolution of stride 2 by Winograd's F(2×2, 2×2) over phases
 * (winograd.h) by vectors of 8. */
#include "core/cpu/winograd2_phases_axes.h"
#include "core/cpu/winograd_tiles.h"

const fv_winograd_vectors fv_winograd2_phases_by_8 = { { from_x, from_dy, to_y }, from_taps, to_taps };
