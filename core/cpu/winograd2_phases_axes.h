/* winograd2_phases_axes.h - the transforms along one axis of a 3×3 convolution of stride 2 by Winograd's F(2×2, 2×2) over
 * phases, for winograd_tiles.h, compiled once for each width of vector.
 *
 * Pixels under a tile of 2 results are 5: the even ones meet taps 0 and 2, the odd ones tap 1. With points 0, 1 and infinity
 *
 *          even:  1 −1  0         1  0  0           odd:  1 −1         0  1  0           1  1  0
 *          Bᵀ =   0  1  0     G = 1  0  1           Bᵀ =  0  1     G = 0  1  0      Aᵀ = 0  1  1
 *                 0 −1  1         0  0  1
 *
 * the odd ones have nothing at infinity. A tile of one result needs points 0 and infinity, of 3 pixels as they are, and
 * Aᵀ = 1 1. Numbers are those of even pixels, then those of odd ones.
 */
#ifndef FV_CPU_WINOGRAD2_PHASES_AXES_H
#define FV_CPU_WINOGRAD2_PHASES_AXES_H

#include "core/cpu/winograd2_phases_slots.h"

#define PHASES
#define INPUTS(results) (2 * (results) + 1) /* pixels under a tile along the axis, and numbers made of them */

INLINE int slot(int rows, int i, int columns, int j) { return phase_slot(rows, i, columns, j); }

/* Bᵀ d of a tile of `results` (1 or 2). */
INLINE void b_transposed(int results, const lanes d[5], lanes to[5]) {
    if (results == 2) {
        to[0] = d[0] - d[2];
        to[1] = d[2];
        to[2] = d[4] - d[2];
        to[3] = d[1] - d[3];
        to[4] = d[3];
    } else {
        to[0] = d[0];
        to[1] = d[2];
        to[2] = d[1];
    }
}

/* Aᵀ m: from results + 1 numbers `results`. */
INLINE void a_transposed(int results, const lanes m[SIDE], lanes to[TILE]) {
    to[0] = m[0] + m[1];
    if (results == 2) to[1] = m[1] + m[2];
}

/* A y: from `results` numbers results + 1. */
INLINE void a_times(int results, const lanes y[TILE], lanes to[SIDE]) {
    to[0] = to[1] = y[0];
    if (results == 1) return;
    to[1] = y[0] + y[1];
    to[2] = y[1];
}

INLINE void g_times(const lanes w[3], lanes to[5]) {
    to[0] = w[0];
    to[1] = w[0] + w[2];
    to[2] = w[2];
    to[3] = to[4] = w[1];
}

INLINE void g_transposed(const lanes u[5], lanes to[3]) {
    to[0] = u[0] + u[1];
    to[1] = u[3] + u[4];
    to[2] = u[1] + u[2];
}

#endif
