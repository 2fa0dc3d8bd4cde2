/* shared: winograd4_avx512.c - Winograd's transforms (winograd.h) by vectors of 16. */
#include "core/cpu/winograd_tiles.h"

const fv_winograd_vectors fv_winograd4_by_16 = { { from_x, from_dy, to_y }, from_taps, to_taps };
