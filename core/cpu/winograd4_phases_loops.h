/* winograd4_phases_loops.h - the loops of winograd4_phases_*.c, compiled once for each width of vector (lanes.h).
 *
 * The seven points are 1, −1, 2, −2, 1/2, −1/2 and infinity. For a pair of points ±p, and a and b the squares of the others,
 *
 *   rows of Bᵀ   p·e + o and p·e − o,   e = ab d0 − (a + b) d2 + d4,   o = ab d1 − (a + b) d3 + d5
 *   rows of G    c (w0 + p² w2) ± c (p w1 + p³ w3),   c = 1 / 2p (p² − a)(p² − b):  −2/9, 1/45, 16/45
 *   columns of Aᵀ   1, ±p, p², ±p³
 *
 * and for infinity −d0 + 21/4 d2 − 21/4 d4 + d6, w3 and 0, 0, 0, 1. Without a 0 among the points all of it comes in pairs. */
#ifndef FV_CPU_WINOGRAD4_PHASES_LOOPS_H
#define FV_CPU_WINOGRAD4_PHASES_LOOPS_H

#include <string.h>

#include "core/base/size.h"
#include "core/cpu/lanes.h"
#include "core/cpu/winograd4_phases.h"

#define INLINE static inline __attribute__((always_inline))
#define POINTS 7
#define TILE FV_PHASES_TILE
#define PLANES FV_PHASES_PLANES
#define DEPTH FV_PHASES_DEPTH
#define HALF (DEPTH / 2) /* of a row phase */
#define GROUP FV_PHASES_GROUP
#define LINE FV_PHASES_LINE
#define VECTORS (GROUP / LANES) /* of a group */
#define SIDE 7                  /* of a filter */

/* ---- along one axis ---- */

INLINE void pair_of_points(const lanes d[POINTS], float sum, float product, float p, lanes to[2]) {
    lanes even = multiply_add(d[2], all(-sum), multiply_add(d[0], all(product), d[4]));
    lanes odd = multiply_add(d[3], all(-sum), multiply_add(d[1], all(product), d[5]));
    to[0] = multiply_add(even, all(p), odd);
    to[1] = multiply_add(even, all(p), -odd);
}

/* Bᵀ d. */
INLINE void b_transposed(const lanes d[POINTS], lanes to[POINTS]) {
    pair_of_points(d, 4.25f, 1, 1, to);
    pair_of_points(d, 1.25f, 0.25f, 2, to + 2);
    pair_of_points(d, 5, 4, 0.5f, to + 4);
    to[6] = multiply_add(d[4] - d[2], all(-5.25f), d[6] - d[0]);
}

/* Aᵀ m. */
INLINE void a_transposed(const lanes m[POINTS], lanes to[TILE]) {
    lanes sum = m[0] + m[1], twice_sum = m[2] + m[3], half_sum = m[4] + m[5];
    lanes difference = m[0] - m[1], twice = m[2] - m[3], half = m[4] - m[5];
    to[0] = sum + twice_sum + half_sum;
    to[1] = multiply_add(half, all(0.5f), multiply_add(twice, all(2), difference));
    to[2] = multiply_add(half_sum, all(0.25f), multiply_add(twice_sum, all(4), sum));
    to[3] = multiply_add(half, all(0.125f), multiply_add(twice, all(8), difference)) + m[6];
}

/* A y. */
INLINE void a_times(const lanes y[TILE], lanes to[POINTS]) {
    lanes even = y[0] + y[2], odd = y[1] + y[3];
    lanes twice_even = multiply_add(y[2], all(4), y[0]), twice_odd = multiply_add(y[3], all(8), y[1] * all(2));
    lanes half_even = multiply_add(y[2], all(0.25f), y[0]), half_odd = multiply_add(y[3], all(0.125f), y[1] * all(0.5f));
    to[0] = even + odd;
    to[1] = even - odd;
    to[2] = twice_even + twice_odd;
    to[3] = twice_even - twice_odd;
    to[4] = half_even + half_odd;
    to[5] = half_even - half_odd;
    to[6] = y[3];
}

#define OF_1 (-2.0f / 9)
#define OF_2 (1.0f / 45)
#define OF_HALF (16.0f / 45)

/* G w. */
INLINE void g_times(const lanes w[TILE], lanes to[POINTS]) {
    lanes even = (w[0] + w[2]) * all(OF_1), odd = (w[1] + w[3]) * all(OF_1);
    lanes twice_even = multiply_add(w[2], all(4 * OF_2), w[0] * all(OF_2));
    lanes twice_odd = multiply_add(w[3], all(8 * OF_2), w[1] * all(2 * OF_2));
    lanes half_even = multiply_add(w[2], all(OF_HALF / 4), w[0] * all(OF_HALF));
    lanes half_odd = multiply_add(w[3], all(OF_HALF / 8), w[1] * all(OF_HALF / 2));
    to[0] = even + odd;
    to[1] = even - odd;
    to[2] = twice_even + twice_odd;
    to[3] = twice_even - twice_odd;
    to[4] = half_even + half_odd;
    to[5] = half_even - half_odd;
    to[6] = w[3];
}

/* Gᵀ u. */
INLINE void g_transposed(const lanes u[POINTS], lanes to[TILE]) {
    lanes sum = (u[0] + u[1]) * all(OF_1), twice_sum = u[2] + u[3], half_sum = u[4] + u[5];
    lanes difference = (u[0] - u[1]) * all(OF_1), twice = u[2] - u[3], half = u[4] - u[5];
    to[0] = multiply_add(half_sum, all(OF_HALF), multiply_add(twice_sum, all(OF_2), sum));
    to[1] = multiply_add(half, all(OF_HALF / 2), multiply_add(twice, all(2 * OF_2), difference));
    to[2] = multiply_add(half_sum, all(OF_HALF / 4), multiply_add(twice_sum, all(4 * OF_2), sum));
    to[3] = multiply_add(half, all(OF_HALF / 8), multiply_add(twice, all(8 * OF_2), difference)) + u[6];
}

/* ---- x ---- */

/* The rows of pixels of one row phase under a block, transformed downwards: POINTS lines, zeros where there are no pixels. The
 * eighth tap is zero, whatever it meets: the row and the column that it alone would meet are zeros, too. */
static void from_rows(const fv_phases *w, const fv_phases_place *place, int phase, float *lines) {
    int64_t C = w->channels, row = 2 * place->row + w->origin[0] + phase, left = 2 * place->column + w->origin[1];
    int64_t pixels = 8 * place->count + SIDE - 2, width = w->x_size[1];
    int64_t begin = fv_min(fv_max(-left, 0), pixels) * C, end = fv_max(fv_min(width - left, pixels) * C, begin);
    for (int i = 0; i < POINTS; i++) memset(lines + i * LINE, 0, LINE * sizeof(float));
    for (int64_t c = begin; c < end; c += LANES) {
        lanes d[POINTS], made[POINTS];
        for (int i = 0; i < POINTS; i++) {
            int64_t h = row + 2 * i;
            bool there = h >= 0 && h < w->x_size[0] && 2 * i + phase < 2 * POINTS - 1;
            const float *at = w->x + ((place->picture * w->x_size[0] + h) * width + left) * C + c;
            d[i] = !there ? all(0) : end - c >= LANES ? load(at) : load_tail(at, end - c);
        }
        b_transposed(d, made);
        for (int i = 0; i < POINTS; i++) store(lines + i * LINE + c, made[i]);
    }
}

/* Floats [part, part + LANES) of a tile's DEPTH, of which each row phase has `count` in its line. */
INLINE lanes both_phases(const float *lines, int64_t part, int64_t count) {
#if LANES == DEPTH
    (void)part;
    const float *other = lines + POINTS * LINE;
    __mmask8 first = (__mmask8)((1u << count) - 1);
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_maskz_loadu_ps(first, lines)), _mm256_maskz_loadu_ps(first, other),
                              1);
#else
    return load_tail(lines + part / HALF * POINTS * LINE + part % HALF, fv_max(fv_min(count - part % HALF, LANES), 0));
#endif
}

static void from_x(const fv_phases *w, const fv_phases_place *place, float *lines, float *to) {
    int64_t both = 2 * w->channels; /* column phases */
    for (int phase = 0; phase < 2; phase++) from_rows(w, place, phase, lines + phase * POINTS * LINE);
    for (int64_t t = 0; t < place->count; t++)
        for (int i = 0; i < POINTS; i++)
            for (int64_t part = 0; part < DEPTH; part += LANES) {
                const float *from = lines + i * LINE + t * TILE * both;
                lanes d[POINTS], made[POINTS];
#pragma GCC unroll 7
                for (int j = 0; j < POINTS; j++) d[j] = both_phases(from + j * both, part, j + 1 < POINTS ? both : w->channels);
                b_transposed(d, made);
#pragma GCC unroll 7
                for (int j = 0; j < POINTS; j++) store(to + (t * PLANES + i * POINTS + j) * DEPTH + part, made[j]);
            }
}

/* ---- y and dy ---- */

/* A tile's place in a picture of results, first channel; rows and columns of results that are there. */
typedef struct patch {
    const float *at;
    int64_t rows, columns, line, pixel;
} patch;

static patch patch_of(const fv_phases *w, const float *pictures, const fv_phases_place *place, int64_t tile) {
    int64_t line = w->y_size[1] * w->y_channels, column = place->column + tile * TILE;
    return (patch){ .at = pictures + place->picture * w->y_size[0] * line + place->row * line + column * w->y_channels,
                    .rows = fv_min(w->y_size[0] - place->row, TILE),
                    .columns = fv_min(w->y_size[1] - column, TILE),
                    .line = line,
                    .pixel = w->y_channels };
}

/* `count` channels, of a tile that is all there where it is `whole`, which is a constant wherever this is inlined. */
INLINE void dy_lanes(const patch *p, const float *dy, int64_t count, bool whole, float *to, int64_t plane) {
    lanes half[POINTS][TILE], line[TILE], made[POINTS];
#pragma GCC unroll 4
    for (int j = 0; j < TILE; j++) {
#pragma GCC unroll 4
        for (int i = 0; i < TILE; i++) {
            const float *from = dy + i * p->line + j * p->pixel;
            line[i] = whole ? load(from) : i < p->rows && j < p->columns ? load_tail(from, count) : all(0);
        }
        a_times(line, made);
#pragma GCC unroll 7
        for (int i = 0; i < POINTS; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 7
    for (int i = 0; i < POINTS; i++) {
        a_times(half[i], made);
#pragma GCC unroll 7
        for (int j = 0; j < POINTS; j++) store(to + (i * POINTS + j) * plane, made[j]);
    }
}

static void from_dy(const fv_phases *w, const fv_phases_place *place, int64_t first, int64_t groups, float *to) {
    for (int64_t t = 0; t < place->count; t++) {
        patch p = patch_of(w, w->dy, place, t);
        for (int64_t c = 0; c < groups * GROUP; c += LANES) {
            int64_t count = fv_max(fv_min(w->y_channels - first - c, LANES), 0);
            float *at = to + t * PLANES * groups * GROUP + c;
            if (count == LANES && p.rows == TILE && p.columns == TILE)
                dy_lanes(&p, p.at + first + c, LANES, true, at, groups * GROUP);
            else
                dy_lanes(&p, p.at + first + c, count, false, at, groups * GROUP);
        }
    }
}

INLINE void y_lanes(const fv_phases *w, const patch *p, float *y, int64_t count, lanes bias, const float *from, int64_t plane) {
    lanes half[TILE][POINTS], line[POINTS], made[TILE];
#pragma GCC unroll 7
    for (int j = 0; j < POINTS; j++) {
#pragma GCC unroll 7
        for (int i = 0; i < POINTS; i++) line[i] = load(from + (i * POINTS + j) * plane);
        a_transposed(line, made);
#pragma GCC unroll 4
        for (int i = 0; i < TILE; i++) half[i][j] = made[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i++) {
        if (i >= p->rows) break;
        a_transposed(half[i], made);
#pragma GCC unroll 4
        for (int j = 0; j < TILE; j++) {
            lanes value = made[j] + bias;
            float *to = y + i * p->line + j * p->pixel;
            if (w->limited) value = at_most(at_least(value, w->low), w->high);
            if (j >= p->columns) break;
            if (count < LANES)
                store_tail(to, value, count);
            else if (LANES == GROUP && w->streamed)
                stream(to, value);
            else
                store(to, value);
        }
    }
}

static void to_y(const fv_phases *w, const fv_phases_place *place, int64_t first, int64_t groups, const float *from) {
    for (int64_t t = 0; t < place->count; t++) {
        patch p = patch_of(w, w->y, place, t);
        for (int64_t c = 0; c < groups * GROUP; c += LANES) {
            int64_t count = fv_min(w->y_channels - first - c, LANES);
            if (count <= 0) break;
            lanes bias = w->bias ? load_tail(w->bias + first + c, count) : all(0);
            y_lanes(w, &p, (float *)p.at + first + c, count, bias, from + t * groups * GROUP + c, FV_PHASES_PLANE);
        }
    }
    if (w->streamed) stream_end();
}

/* ---- products ---- */

/* One plane of `tiles` tiles and `groups` of channels, constants wherever this is inlined: chains over the depth. */
INLINE void chains(int tiles, int groups, int64_t channels, const float *x, const float *weights, float *to, int64_t to_tile) {
    lanes sum[6][4 * VECTORS], line[4 * VECTORS];
    int64_t group = 4 * channels * GROUP;
#pragma GCC unroll 6
    for (int t = 0; t < tiles; t++)
#pragma GCC unroll 4
        for (int v = 0; v < groups * VECTORS; v++) sum[t][v] = all(0);
    for (int half = 0; half < 2; half++)
        for (int64_t d = 0; d < 2 * channels; d++, weights += GROUP) {
#pragma GCC unroll 4
            for (int v = 0; v < groups * VECTORS; v++) line[v] = load(weights + v / VECTORS * group + v % VECTORS * LANES);
#pragma GCC unroll 6
            for (int t = 0; t < tiles; t++) {
                lanes value = all(x[t * PLANES * DEPTH + half * HALF + d]);
#pragma GCC unroll 4
                for (int v = 0; v < groups * VECTORS; v++) sum[t][v] = multiply_add(value, line[v], sum[t][v]);
            }
        }
#pragma GCC unroll 6
    for (int t = 0; t < tiles; t++)
#pragma GCC unroll 4
        for (int v = 0; v < groups * VECTORS; v++) store(to + t * to_tile + v * LANES, sum[t][v]);
}

typedef void (*chains_fn)(int64_t channels, const float *x, const float *weights, float *to, int64_t to_tile);
#define DEFINE_CHAINS(tiles, groups)                                                                                           \
    static __attribute__((noinline)) void chains_##tiles##_##groups(int64_t channels, const float *x, const float *weights,    \
                                                                    float *to, int64_t to_tile) {                              \
        chains(tiles, groups, channels, x, weights, to, to_tile);                                                              \
    }
#define WIDE (LANES == GROUP ? 4 : 1) /* groups at once, as registers hold sums of */
#define EACH_TILES(groups) DEFINE_CHAINS(6, groups) DEFINE_CHAINS(4, groups) DEFINE_CHAINS(2, groups) DEFINE_CHAINS(1, groups)
EACH_TILES(1)
#if LANES == FV_PHASES_GROUP
EACH_TILES(4)
#endif

static void multiply(int64_t channels, int64_t count, const float *x, const float *weights, int64_t plane, int64_t groups,
                     float *to) {
    static const int sizes[] = { 6, 4, 2, 1 };
    static const chains_fn narrow[] = { chains_6_1, chains_4_1, chains_2_1, chains_1_1 };
#if LANES == FV_PHASES_GROUP
    static const chains_fn wide[] = { chains_6_4, chains_4_4, chains_2_4, chains_1_4 };
#else
    static const chains_fn *const wide = narrow;
#endif
    int64_t to_tile = groups * GROUP;
    for (int64_t p = 0; p < PLANES; p++)
        for (int64_t g = 0, some; g < groups; g += some) {
            some = groups - g >= WIDE ? WIDE : 1;
            const float *u = weights + p * plane + g * 4 * channels * GROUP;
            const chains_fn *chains_of = some == WIDE ? wide : narrow;
            for (int64_t t = 0, size = 0; t < count; t += sizes[size]) {
                while (sizes[size] > count - t) size++;
                chains_of[size](channels, x + (t * PLANES + p) * DEPTH, u, to + p * FV_PHASES_PLANE + t * to_tile + g * GROUP,
                                to_tile);
            }
        }
}

/* The sums of one plane over tiles, of as many row phases and groups as registers hold sums of; rows and groups are constants.
 */
#define TOGETHER (LANES == GROUP ? 2 : 1)
INLINE void sums(int channels, int groups, int64_t count, const float *x, const float *dy, int64_t dy_tile, bool add, float *to,
                 int64_t row) {
    lanes sum[TOGETHER * 2 * FV_PHASES_CHANNELS][2 * VECTORS], line[2 * VECTORS];
    int rows = TOGETHER * 2 * channels;
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < groups * VECTORS; v++) sum[r][v] = all(0);
    for (int64_t t = 0; t < count; t++, x += PLANES * DEPTH, dy += dy_tile) {
#pragma GCC unroll 4
        for (int v = 0; v < groups * VECTORS; v++) line[v] = load(dy + v * LANES);
#pragma GCC unroll 12
        for (int r = 0; r < rows; r++) {
            lanes value = all(x[r / (2 * channels) * HALF + r % (2 * channels)]);
#pragma GCC unroll 4
            for (int v = 0; v < groups * VECTORS; v++) sum[r][v] = multiply_add(value, line[v], sum[r][v]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < groups * VECTORS; v++) {
            float *at = to + r * row + v * LANES;
            if (add) sum[r][v] = load(at) + sum[r][v];
            store(at, sum[r][v]);
        }
}

typedef void (*sums_fn)(int64_t count, const float *x, const float *dy, int64_t dy_tile, bool add, float *to, int64_t row);
#define DEFINE_SUMS(channels, groups)                                                                                          \
    static __attribute__((noinline)) void sums_##channels##_##groups(int64_t count, const float *x, const float *dy,           \
                                                                     int64_t dy_tile, bool add, float *to, int64_t row) {      \
        sums(channels, groups, count, x, dy, dy_tile, add, to, row);                                                           \
    }
DEFINE_SUMS(1, 1)
DEFINE_SUMS(2, 1)
DEFINE_SUMS(3, 1)
#if LANES == FV_PHASES_GROUP
DEFINE_SUMS(1, 2)
DEFINE_SUMS(2, 2)
DEFINE_SUMS(3, 2)
#endif

static void multiply_dy(int64_t channels, int64_t count, const float *x, const float *dy, int64_t groups, bool add, float *to) {
    static const sums_fn narrow[] = { sums_1_1, sums_2_1, sums_3_1 };
#if LANES == FV_PHASES_GROUP
    static const sums_fn wide[] = { sums_1_2, sums_2_2, sums_3_2 };
#else
    static const sums_fn *const wide = narrow;
#endif
    int64_t row = groups * GROUP, rows = 4 * channels;
    for (int64_t p = 0; p < PLANES; p++)
        for (int64_t g = 0, some; g < groups; g += some) {
            some = groups - g >= TOGETHER ? TOGETHER : 1;
            const sums_fn *sums_of = some == TOGETHER ? wide : narrow;
            for (int64_t half = 0; half < 2; half += TOGETHER)
                sums_of[channels - 1](count, x + p * DEPTH + half * HALF, dy + p * row + g * GROUP, PLANES * row, add,
                                      to + (p * rows + half * 2 * channels) * row + g * GROUP, row);
        }
}

/* ---- weights ---- */

/* Row d of the depth: of row phase, column phase and channel. */
typedef struct depth_row {
    int64_t down, across, channel;
} depth_row;

static depth_row depth_row_of(int64_t channels, int64_t d) {
    return (depth_row){ d / (2 * channels), d / channels % 2, d % channels };
}

/* A phase's tap (i, j), a row of `floats`, or NULL where there is none. */
static float *tap_at(float *taps, int64_t channels, const depth_row *d, int64_t i, int64_t j, int64_t floats) {
    int64_t r = 2 * i + d->down, s = 2 * j + d->across;
    return r < SIDE && s < SIDE ? taps + ((r * SIDE + s) * channels + d->channel) * floats : NULL;
}

static void from_taps(int64_t channels, const float *taps, float *to, int64_t plane) {
    for (int64_t d = 0; d < 4 * channels; d++)
        for (int64_t c = 0; c < GROUP; c += LANES) {
            depth_row row = depth_row_of(channels, d);
            lanes half[POINTS][TILE], line[TILE], made[POINTS];
            for (int j = 0; j < TILE; j++) {
                for (int i = 0; i < TILE; i++) {
                    const float *tap = tap_at((float *)taps, channels, &row, i, j, GROUP);
                    line[i] = tap ? load(tap + c) : all(0);
                }
                g_times(line, made);
                for (int i = 0; i < POINTS; i++) half[i][j] = made[i];
            }
            for (int i = 0; i < POINTS; i++) {
                g_times(half[i], made);
                for (int j = 0; j < POINTS; j++) store(to + (i * POINTS + j) * plane + d * GROUP + c, made[j]);
            }
        }
}

static void to_taps(int64_t channels, const float *from, int64_t groups, float *taps) {
    int64_t floats = groups * GROUP;
    for (int64_t d = 0; d < 4 * channels; d++)
        for (int64_t c = 0; c < floats; c += LANES) {
            depth_row row = depth_row_of(channels, d);
            lanes half[TILE][POINTS], line[POINTS], made[TILE];
            for (int j = 0; j < POINTS; j++) {
                for (int i = 0; i < POINTS; i++) line[i] = load(from + ((i * POINTS + j) * 4 * channels + d) * floats + c);
                g_transposed(line, made);
                for (int i = 0; i < TILE; i++) half[i][j] = made[i];
            }
            for (int i = 0; i < TILE; i++) {
                g_transposed(half[i], made);
                for (int j = 0; j < TILE; j++) {
                    float *tap = tap_at(taps, channels, &row, i, j, floats);
                    if (tap) store(tap + c, made[j]);
                }
            }
        }
}

#endif
