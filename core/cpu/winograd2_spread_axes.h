/* winograd2_spread_axes.h - the transforms along one axis of the gradient of a 3×3 convolution of stride 2, padding 1, with
 * respect to its input by Winograd's F(2×2, 2×2) for each phase of it, for winograd_tiles.h, compiled once for each width of
 * vector.
 *
 * A tile is two pairs of pixels of dx: the even ones, 2q, are made of dy(q) by tap 1, the odd ones of dy(q) and dy(q + 1) by
 * taps 2 and 0. Three numbers of dy are transformed once for both, with points 0, 1 and infinity:
 *
 *         1 −1  0
 *   Bᵀ =  0  1  0     taps turned round are transformed as in winograd2_phases_axes.h, and so is Aᵀ
 *         0 −1  1
 *
 * A tile of one pair needs points 0 and infinity, of two numbers as they are.
 */
#ifndef FV_CPU_WINOGRAD2_SPREAD_AXES_H
#define FV_CPU_WINOGRAD2_SPREAD_AXES_H

#include "core/cpu/winograd2_phases_slots.h"

#define SPREAD
#define INPUTS(results) ((results) + 1) /* numbers of dy under a tile along the axis */
#define RESULTS(results) (2 * (results))
#define BACK(results) (2 * (results) + 1) /* numbers along an axis that a tile of y is made of */

INLINE int y_slot(int rows, int i, int columns, int j) { return phase_slot(rows, i, columns, j); }

/* Bᵀ d of a tile of `results` (1 or 2) pairs. */
INLINE void b_transposed(int results, const lanes d[3], lanes to[3]) {
    to[0] = d[0];
    to[1] = d[1];
    if (results == 1) return;
    to[0] = d[0] - d[1];
    to[2] = d[2] - d[1];
}

/* From the numbers of odd pixels (whose taps are two), then of even ones, the pixels in their order. */
INLINE void a_transposed(int results, const lanes m[5], lanes to[4]) {
    if (results == 1) {
        to[0] = m[2];
        to[1] = m[0] + m[1];
        return;
    }
    to[0] = m[3] + m[4];
    to[1] = m[0] + m[1];
    to[2] = m[4];
    to[3] = m[1] + m[2];
}

#endif
