/* shared: winograd4_avx2.c - Winograd's transforms (winograd.h) by vectors of 8. */
#include "core/cpu/winograd_tiles.h"

const fv_winograd_vectors fv_winograd4_by_8 = { { from_x, from_dy, to_y }, from_taps, to_taps };
