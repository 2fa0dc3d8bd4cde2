/* shared: winograd4_avx512.c - Winograd's transforms (winograd4.h) by vectors of 16. */
#include "core/cpu/winograd4_tiles.h"

const fv_winograd4_vectors fv_winograd4_by_16 = { { from_x, from_dy, to_y }, from_taps, to_taps };
