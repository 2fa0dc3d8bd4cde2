/* winograd4_tiles.h - the loops of winograd4_*.c, compiled once for each width of vector (lanes.h).
 *
 *        4  0 −5  0  1  0          1/4    0    0           1  1  1  1  1  0
 *        0 −4 −4  1  1  0         −1/6 −1/6 −1/6           0  1 −1  2 −2  0
 *   Bᵀ = 0  4 −4 −1  1  0     G = −1/6  1/6 −1/6      Aᵀ = 0  1  1  4  4  0
 *        0 −2 −1  2  1  0         1/24 1/12  1/6           0  1 −1  8 −8  1
 *        0  2 −1 −2  1  0         1/24 −1/12 1/6
 *        0  4  0 −5  0  1            0    0    1
 */
#ifndef FV_CPU_WINOGRAD4_TILES_H
#define FV_CPU_WINOGRAD4_TILES_H

#include "core/base/size.h"
#include "core/cpu/lanes.h"
#include "core/cpu/winograd4.h"

#define INLINE static inline __attribute__((always_inline))
#define SIDE 6 /* of a transformed tile */
#define TILE FV_WINOGRAD4_TILE
#define GROUP FV_WINOGRAD4_GROUP
#define WIDE 32 /* floats of a row of a block of the weights' gradient */

/* ---- along one axis ---- */

INLINE void b_transposed(const lanes d[SIDE], lanes to[SIDE]) {
    lanes a = multiply_add(d[2], all(-4), d[4]), b = multiply_add(d[1], all(-4), d[3]);
    lanes c = d[4] - d[2], e = (d[3] - d[1]) * all(2);
    to[0] = multiply_add(d[0], all(4), multiply_add(d[2], all(-5), d[4]));
    to[1] = a + b;
    to[2] = a - b;
    to[3] = c + e;
    to[4] = c - e;
    to[5] = multiply_add(d[1], all(4), multiply_add(d[3], all(-5), d[5]));
}

INLINE void a_transposed(const lanes m[SIDE], lanes to[TILE]) {
    lanes sum = m[1] + m[2], difference = m[1] - m[2], outer_sum = m[3] + m[4], outer_difference = m[3] - m[4];
    to[0] = m[0] + sum + outer_sum;
    to[1] = multiply_add(outer_difference, all(2), difference);
    to[2] = multiply_add(outer_sum, all(4), sum);
    to[3] = multiply_add(outer_difference, all(8), difference) + m[5];
}

INLINE void a_times(const lanes y[TILE], lanes to[SIDE]) {
    lanes even = y[0] + y[2], odd = y[1] + y[3];
    lanes outer_even = multiply_add(y[2], all(4), y[0]), outer_odd = multiply_add(y[3], all(8), y[1] * all(2));
    to[0] = y[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = outer_even + outer_odd;
    to[4] = outer_even - outer_odd;
    to[5] = y[3];
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

/* ---- tiles ---- */

/* Some tile's place: its picture, and row and column of its first pixel there. */
typedef struct place {
    int64_t picture, row, column;
} place;

static place place_of(const fv_winograd4 *w, int64_t tile, const int64_t origin[2]) {
    int64_t across = w->tiles[1], down = w->tiles[0];
    return (place){ tile / across / down, tile / across % down * TILE + origin[0], tile % across * TILE + origin[1] };
}

/* Pixel (i, j) of a tile, from channel c: `count` of them, LANES where the tile is `whole`: all pixels in the picture and all
 * lanes channels. */
typedef struct patch {
    const float *at; /* pixel (0, 0) of the tile; outside the picture only pixels that are there are read */
    int64_t row, column, height, width, line, pixel;
} patch;

static patch patch_of(const float *pictures, const int64_t size[2], int64_t channels, place p) {
    int64_t line = size[1] * channels;
    return (patch){ .at = pictures + p.picture * size[0] * line + p.row * line + p.column * channels,
                    .row = p.row,
                    .column = p.column,
                    .height = size[0],
                    .width = size[1],
                    .line = line,
                    .pixel = channels };
}

static bool lies_inside(const patch *p, int64_t side) {
    return p->row >= 0 && p->column >= 0 && p->row + side <= p->height && p->column + side <= p->width;
}

INLINE bool has(const patch *p, int64_t i, int64_t j) {
    return p->row + i >= 0 && p->row + i < p->height && p->column + j >= 0 && p->column + j < p->width;
}

INLINE lanes pixel(const patch *p, bool whole, int64_t i, int64_t j, int64_t c, int64_t count) {
    if (whole) return load(p->at + i * p->line + j * p->pixel + c);
    return has(p, i, j) ? load_tail(p->at + i * p->line + j * p->pixel + c, count) : all(0);
}

INLINE void x_lanes(const patch *p, bool whole, int64_t c, int64_t count, float *to, int64_t planes) {
    lanes half[SIDE][SIDE], line[SIDE];
#pragma GCC unroll 6
    for (int j = 0; j < SIDE; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < SIDE; i++) line[i] = pixel(p, whole, i, j, c, count);
        lanes made[SIDE];
        b_transposed(line, made);
#pragma GCC unroll 6
        for (int i = 0; i < SIDE; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < SIDE; i++) {
        b_transposed(half[i], line);
#pragma GCC unroll 6
        for (int j = 0; j < SIDE; j++) store(to + (i * SIDE + j) * planes, line[j]);
    }
}

INLINE void dy_lanes(const patch *p, bool whole, int64_t c, int64_t count, float *to, int64_t planes) {
    lanes half[SIDE][TILE], line[SIDE];
#pragma GCC unroll 4
    for (int j = 0; j < TILE; j++) {
#pragma GCC unroll 4
        for (int i = 0; i < TILE; i++) line[i] = pixel(p, whole, i, j, c, count);
        lanes made[SIDE];
        a_times(line, made);
#pragma GCC unroll 6
        for (int i = 0; i < SIDE; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < SIDE; i++) {
        a_times(half[i], line);
#pragma GCC unroll 6
        for (int j = 0; j < SIDE; j++) store(to + (i * SIDE + j) * planes, line[j]);
    }
}

/* A tile's channels, LANES at a time, up to whole groups. */
#define DEFINE_FROM(name, lanes_of, side)                                                                                      \
    static void name(const patch *p, int64_t channels, float *to, const fv_winograd4_planes *planes) {                         \
        bool inside = lies_inside(p, side);                                                                                    \
        for (int64_t c = 0; c < fv_round_up(channels, GROUP); c += LANES) {                                                    \
            int64_t count = fv_max(fv_min(channels - c, LANES), 0);                                                            \
            float *at = to + c / GROUP * planes->groups + c % GROUP;                                                           \
            if (inside && count == LANES)                                                                                      \
                lanes_of(p, true, c, LANES, at, planes->planes);                                                               \
            else                                                                                                               \
                lanes_of(p, false, c, count, at, planes->planes);                                                              \
        }                                                                                                                      \
    }
DEFINE_FROM(x_tile, x_lanes, SIDE)
DEFINE_FROM(dy_tile, dy_lanes, TILE)

static void from_x(const fv_winograd4 *w, int64_t first, int64_t count, const fv_winograd4_planes *to) {
    for (int64_t t = 0; t < count; t++) {
        patch p = patch_of(w->x, w->x_size, w->x_channels, place_of(w, first + t, w->origin));
        x_tile(&p, w->x_channels, to->at + t * to->tiles, to);
    }
}

static void from_dy(const fv_winograd4 *w, int64_t first, int64_t count, const fv_winograd4_planes *to) {
    for (int64_t t = 0; t < count; t++) {
        patch p = patch_of(w->dy, w->y_size, w->y_channels, place_of(w, first + t, (int64_t[2]){ 0, 0 }));
        dy_tile(&p, w->y_channels, to->at + t * to->tiles, to);
    }
}

INLINE void y_lanes(const fv_winograd4 *w, const float *from, int64_t planes, const patch *p, bool whole, int64_t c,
                    int64_t count, lanes bias) {
    lanes half[TILE][SIDE], line[SIDE];
    float *y = (float *)p->at + c;
#pragma GCC unroll 6
    for (int j = 0; j < SIDE; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < SIDE; i++) line[i] = load(from + (i * SIDE + j) * planes);
        lanes made[TILE];
        a_transposed(line, made);
#pragma GCC unroll 4
        for (int i = 0; i < TILE; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i++) {
        a_transposed(half[i], line);
#pragma GCC unroll 4
        for (int j = 0; j < TILE; j++) {
            lanes value = line[j] + bias;
            if (w->limited) value = at_most(at_least(value, w->low), w->high);
            if (whole && LANES == GROUP && w->streamed)
                stream(y + i * p->line + j * p->pixel, value);
            else if (whole)
                store(y + i * p->line + j * p->pixel, value);
            else if (has(p, i, j))
                store_tail(y + i * p->line + j * p->pixel, value, count);
        }
    }
}

static void to_y(const fv_winograd4 *w, int64_t first, int64_t count, const fv_winograd4_planes *from) {
    int64_t channels = w->y_channels;
    for (int64_t t = 0; t < count; t++) {
        patch p = patch_of(w->y, w->y_size, channels, place_of(w, first + t, (int64_t[2]){ 0, 0 }));
        bool inside = lies_inside(&p, TILE);
        for (int64_t c = 0; c < channels; c += LANES) {
            int64_t some = fv_min(channels - c, LANES);
            const float *at = from->at + t * from->tiles + c / GROUP * from->groups + c % GROUP;
            lanes bias = w->bias ? load_tail(w->bias + c, some) : all(0);
            if (inside && some == LANES)
                y_lanes(w, at, from->planes, &p, true, c, LANES, bias);
            else
                y_lanes(w, at, from->planes, &p, false, c, some, bias);
        }
    }
    if (w->streamed) stream_end();
}

/* ---- weights ---- */

/* Rows [first, end) of the six of a transformed filter; both are constants wherever this is inlined. */
INLINE void lines_from_taps(const float *taps, int64_t tap, int64_t rows, int first, int end, float *to, int64_t plane) {
    for (int64_t at = 0; at < rows * GROUP; at += LANES) {
        lanes half[SIDE][3], line[SIDE], made[SIDE];
#pragma GCC unroll 3
        for (int s = 0; s < 3; s++) {
#pragma GCC unroll 3
            for (int r = 0; r < 3; r++) line[r] = load(taps + (r * 3 + s) * tap + at);
            g_times(line, made);
#pragma GCC unroll 6
            for (int i = first; i < end; i++) half[i][s] = made[i];
        }
#pragma GCC unroll 6
        for (int i = first; i < end; i++) {
            g_times(half[i], made);
#pragma GCC unroll 6
            for (int j = 0; j < SIDE; j++) store(to + ((i - first) * SIDE + j) * plane + at, made[j]);
        }
    }
}

static void from_taps(const float *taps, int64_t tap, int64_t rows, int part, float *to, int64_t plane) {
    if (part == FV_WINOGRAD4_WHOLE) lines_from_taps(taps, tap, rows, 0, SIDE, to, plane);
    if (part == 0) lines_from_taps(taps, tap, rows, 0, 2, to, plane);
    if (part == 1) lines_from_taps(taps, tap, rows, 2, 4, to, plane);
    if (part == 2) lines_from_taps(taps, tap, rows, 4, SIDE, to, plane);
}

static void to_taps(const float *from, int64_t plane, int64_t rows, float *to, int64_t tap) {
    for (int64_t at = 0; at < rows * WIDE; at += LANES) {
        lanes half[3][SIDE], line[SIDE], made[3];
        for (int j = 0; j < SIDE; j++) {
            for (int i = 0; i < SIDE; i++) line[i] = load(from + (i * SIDE + j) * plane + at);
            g_transposed(line, made);
            for (int i = 0; i < 3; i++) half[i][j] = made[i];
        }
        for (int i = 0; i < 3; i++) {
            g_transposed(half[i], made);
            for (int j = 0; j < 3; j++) store(to + (i * 3 + j) * tap + at, made[j]);
        }
    }
}

#endif
