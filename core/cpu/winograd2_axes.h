/* winograd2_axes.h - the transforms of Winograd's F(2×2, 3×3) along one axis, for winograd_tiles.h, compiled once for each
 * width of vector.
 *
 *        1  0 −1  0          1    0    0           1  1  1  0
 *   Bᵀ = 0  1  1  0     G = 1/2  1/2  1/2     Aᵀ = 0  1 −1  1
 *        0 −1  1  0         1/2 −1/2  1/2
 *        0 −1  0  1          0    0    1
 *
 * Row i of G stands for a point: 0, 1, −1 and infinity. A tile of one result needs the first two and infinity, with
 *
 *        1 −1  0
 *   Bᵀ = 0  2  0     Aᵀ = 1  1  1
 *        0 −1  1
 */
#ifndef FV_CPU_WINOGRAD2_AXES_H
#define FV_CPU_WINOGRAD2_AXES_H

#include "core/cpu/lanes.h"
#include "core/cpu/winograd.h"

#define INLINE static inline __attribute__((always_inline))
#define SIDE 4 /* of a transformed tile */
#define TILE 2
#define INPUTS(results) ((results) + 2) /* pixels under a tile along the axis, and numbers made of them */

/* Bᵀ d of a tile of `results` (1 or 2): from results + 2 numbers as many. */
INLINE void b_transposed(int results, const lanes d[SIDE], lanes to[SIDE]) {
    if (results == 2) {
        to[0] = d[0] - d[2];
        to[1] = d[1] + d[2];
        to[2] = d[2] - d[1];
        to[3] = d[3] - d[1];
    } else {
        to[0] = d[0] - d[1];
        to[1] = d[1] + d[1];
        to[2] = d[2] - d[1];
    }
}

/* Aᵀ m: from results + 2 numbers `results`. */
INLINE void a_transposed(int results, const lanes m[SIDE], lanes to[TILE]) {
    to[0] = m[0] + m[1] + m[2];
    if (results == 2) to[1] = m[1] - m[2] + m[3];
}

/* A y: from `results` numbers results + 2. */
INLINE void a_times(int results, const lanes y[TILE], lanes to[SIDE]) {
    to[0] = to[1] = to[2] = y[0];
    if (results == 1) return;
    to[1] = y[0] + y[1];
    to[2] = y[0] - y[1];
    to[3] = y[1];
}

INLINE void g_times(const lanes w[3], lanes to[SIDE]) {
    lanes even = (w[0] + w[2]) * all(0.5f), odd = w[1] * all(0.5f);
    to[0] = w[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = w[2];
}

INLINE void g_transposed(const lanes u[SIDE], lanes to[3]) {
    lanes sum = (u[1] + u[2]) * all(0.5f);
    to[0] = u[0] + sum;
    to[1] = (u[1] - u[2]) * all(0.5f);
    to[2] = sum + u[3];
}

#endif
