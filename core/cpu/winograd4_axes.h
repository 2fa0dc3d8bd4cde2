/* winograd4_axes.h - Winograd's transforms along one axis, for winograd_tiles.h, compiled once for each width of vector.
 *
 *        4  0 −5  0  1  0          1/4    0    0           1  1  1  1  1  0
 *        0 −4 −4  1  1  0         −1/6 −1/6 −1/6           0  1 −1  2 −2  0
 *   Bᵀ = 0  4 −4 −1  1  0     G = −1/6  1/6 −1/6      Aᵀ = 0  1  1  4  4  0
 *        0 −2 −1  2  1  0         1/24 1/12  1/6           0  1 −1  8 −8  1
 *        0  2 −1 −2  1  0         1/24 −1/12 1/6
 *        0  4  0 −5  0  1            0    0    1
 *
 * Row i of G stands for a point: 0, 1, −1, 2, −2 and infinity. A tile of 3, 2 or 1 results needs two points more than that: the
 * first ones and infinity. Row i of its Bᵀ is Π (x − p) over the other finite points p it has, times Π (i's point − p) over
 * those that it lacks, so that G stays what it is and so do transformed weights:
 *
 *   3 results    4 −2 −4  2  0     2    4  0 −4  0     1    4 −4  0     Aᵀ: the first rows, and the columns of the points there
 *                0 −6 −3  3  0          0 −3 −3  0          0 −6  0         are; infinity counts for the last row alone
 *                0  2 −3  1  0          0  3 −3  0          0 −1  1
 *                0 −4  0  4  0          0 −1  0  1
 *                0  2 −1 −2  1
 */
#ifndef FV_CPU_WINOGRAD4_AXES_H
#define FV_CPU_WINOGRAD4_AXES_H

#include "core/cpu/lanes.h"
#include "core/cpu/winograd.h"

#define INLINE static inline __attribute__((always_inline))
#define SIDE 6 /* of a transformed tile */
#define TILE FV_WINOGRAD_TILE
#define INPUTS(results) ((results) + 2) /* pixels under a tile along the axis, and numbers made of them */

/* Bᵀ d of a tile of `results` (1 … 4): from results + 2 numbers as many. */
INLINE void b_transposed(int results, const lanes d[SIDE], lanes to[SIDE]) {
    if (results == 4) {
        lanes a = multiply_add(d[2], all(-4), d[4]), b = multiply_add(d[1], all(-4), d[3]);
        lanes c = d[4] - d[2], e = (d[3] - d[1]) * all(2);
        to[0] = multiply_add(d[0], all(4), multiply_add(d[2], all(-5), d[4]));
        to[1] = a + b;
        to[2] = a - b;
        to[3] = c + e;
        to[4] = c - e;
        to[5] = multiply_add(d[1], all(4), multiply_add(d[3], all(-5), d[5]));
    } else if (results == 3) {
        lanes e = d[3] - d[1];
        to[0] = multiply_add(e, all(2), (d[0] - d[2]) * all(4));
        to[1] = multiply_add(d[3] - d[2], all(3), d[1] * all(-6));
        to[2] = multiply_add(d[2], all(-3), multiply_add(d[1], all(2), d[3]));
        to[3] = e * all(4);
        to[4] = multiply_add(e, all(-2), d[4] - d[2]);
    } else if (results == 2) {
        to[0] = (d[0] - d[2]) * all(4);
        to[1] = (d[1] + d[2]) * all(-3);
        to[2] = (d[1] - d[2]) * all(3);
        to[3] = d[3] - d[1];
    } else {
        to[0] = (d[0] - d[1]) * all(4);
        to[1] = d[1] * all(-6);
        to[2] = d[2] - d[1];
    }
}

/* Aᵀ m: from results + 2 numbers `results`. */
INLINE void a_transposed(int results, const lanes m[SIDE], lanes to[TILE]) {
    if (results == 1) {
        to[0] = m[0] + m[1] + m[2];
        return;
    }
    lanes sum = m[1] + m[2], difference = m[1] - m[2];
    if (results == 4) {
        lanes outer_sum = m[3] + m[4], outer_difference = m[3] - m[4];
        to[0] = m[0] + sum + outer_sum;
        to[1] = multiply_add(outer_difference, all(2), difference);
        to[2] = multiply_add(outer_sum, all(4), sum);
        to[3] = multiply_add(outer_difference, all(8), difference) + m[5];
    } else if (results == 3) {
        to[0] = m[0] + sum + m[3];
        to[1] = multiply_add(m[3], all(2), difference);
        to[2] = multiply_add(m[3], all(4), sum) + m[4];
    } else {
        to[0] = m[0] + sum;
        to[1] = difference + m[3];
    }
}

/* A y: from `results` numbers results + 2. */
INLINE void a_times(int results, const lanes y[TILE], lanes to[SIDE]) {
    if (results == 1) {
        to[0] = to[1] = to[2] = y[0];
    } else if (results == 2) {
        to[0] = y[0];
        to[1] = y[0] + y[1];
        to[2] = y[0] - y[1];
        to[3] = y[1];
    } else if (results == 3) {
        lanes even = y[0] + y[2];
        to[0] = y[0];
        to[1] = even + y[1];
        to[2] = even - y[1];
        to[3] = multiply_add(y[2], all(4), multiply_add(y[1], all(2), y[0]));
        to[4] = y[2];
    } else {
        lanes even = y[0] + y[2], odd = y[1] + y[3];
        lanes outer_even = multiply_add(y[2], all(4), y[0]), outer_odd = multiply_add(y[3], all(8), y[1] * all(2));
        to[0] = y[0];
        to[1] = even + odd;
        to[2] = even - odd;
        to[3] = outer_even + outer_odd;
        to[4] = outer_even - outer_odd;
        to[5] = y[3];
    }
}

INLINE void g_times(const lanes w[3], lanes to[SIDE]) {
    lanes even = (w[0] + w[2]) * all(-1.0f / 6), odd = w[1] * all(-1.0f / 6);
    lanes outer_even = multiply_add(w[2], all(1.0f / 6), w[0] * all(1.0f / 24)), outer_odd = w[1] * all(1.0f / 12);
    to[0] = w[0] * all(0.25f);
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = outer_even + outer_odd;
    to[4] = outer_even - outer_odd;
    to[5] = w[2];
}

INLINE void g_transposed(const lanes u[SIDE], lanes to[3]) {
    lanes sum = u[1] + u[2], difference = u[1] - u[2], outer_sum = u[3] + u[4], outer_difference = u[3] - u[4];
    to[0] = multiply_add(u[0], all(0.25f), multiply_add(sum, all(-1.0f / 6), outer_sum * all(1.0f / 24)));
    to[1] = multiply_add(difference, all(-1.0f / 6), outer_difference * all(1.0f / 12));
    to[2] = multiply_add(sum, all(-1.0f / 6), multiply_add(outer_sum, all(1.0f / 6), u[5]));
}

#endif
