/* shared: winograd4_phases_avx512.c - a first layer's loops (winograd4_phases.h) by vectors of 16. */
#include "core/cpu/winograd4_phases_loops.h"

const fv_phases_vectors fv_phases_by_16 = { from_x, from_dy, to_y, multiply, multiply_dy, from_taps, to_taps };
