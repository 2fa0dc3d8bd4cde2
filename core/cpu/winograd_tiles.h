/* winograd_tiles.h - the loops of winograd4_*.c, compiled once for each width of vector (lanes.h). */
#ifndef FV_CPU_WINOGRAD_TILES_H
#define FV_CPU_WINOGRAD_TILES_H

#include "core/base/size.h"
#ifndef TILE /* which tiles is said by who includes this */
#include "core/cpu/winograd4_axes.h"
#endif

#define GROUP FV_WINOGRAD_GROUP
#define POINTS(results) ((results) + SIDE - TILE)
#define NUMBERS INPUTS(TILE)

/* Numbers of pictures. They are bf16 where FV_WINOGRAD_STORED is defined, and nothing else than pictures is seen to then. */
#ifdef FV_WINOGRAD_STORED
#include "core/cpu/stored_lanes.h"
typedef uint16_t number;
INLINE lanes read_lanes(const number *from) { return widen(from); }
INLINE lanes read_tail(const number *from, int64_t count) { return widen_tail(from, count); }
INLINE void write_lanes(number *to, lanes value) { narrow(to, value); }
INLINE void write_tail(number *to, lanes value, int64_t count) { narrow_tail(to, value, count); }
INLINE void write_past(number *to, lanes value) { narrow(to, value); } /* half a line: into the caches */
#else
typedef float number;
INLINE lanes read_lanes(const number *from) { return load(from); }
INLINE lanes read_tail(const number *from, int64_t count) { return load_tail(from, count); }
INLINE void write_lanes(number *to, lanes value) { store(to, value); }
INLINE void write_tail(number *to, lanes value, int64_t count) { store_tail(to, value, count); }
INLINE void write_past(number *to, lanes value) { stream(to, value); }
#endif

/* ---- tiles ---- */

/* Pixels of a tile, from the first on, which may lie outside the picture: only those that are there are read. */
typedef struct patch {
    const number *at;
    int rows, columns; /* of the tile's results */
    int64_t row, column, height, width, line, pixel;
} patch;

static patch patch_of(const void *pictures, const int64_t size[2], int64_t pixel, const fv_winograd_place *p,
                      const int64_t origin[2], int stride) {
    int64_t line = size[1] * pixel, row = stride * p->row + origin[0], column = stride * p->column + origin[1];
    return (patch){ .at = (const number *)pictures + p->picture * size[0] * line + row * line + column * pixel,
                    .rows = p->rows,
                    .columns = p->columns,
                    .row = row,
                    .column = column,
                    .height = size[0],
                    .width = size[1],
                    .line = line,
                    .pixel = pixel };
}

static bool lies_inside(const patch *p) {
    return p->row >= 0 && p->column >= 0 && p->row + INPUTS(p->rows) <= p->height && p->column + INPUTS(p->columns) <= p->width;
}

/* Pixel (i, j) of a tile, from channel c: `count` of them, LANES where the tile is `whole`: all pixels in the picture and all
 * lanes channels. */
INLINE lanes pixel(const patch *p, bool whole, int64_t i, int64_t j, int64_t c, int64_t count) {
    const number *from = p->at + i * p->line + j * p->pixel + c;
    if (whole) return read_lanes(from);
    bool there = p->row + i >= 0 && p->row + i < p->height && p->column + j >= 0 && p->column + j < p->width;
    return !there ? all(0) : count == LANES ? read_lanes(from) : read_tail(from, count);
}

/* The point of number k along an axis of a tile of `results`. */
INLINE int point(int results, int k) { return k == POINTS(results) - 1 ? SIDE - 1 : k; }

#ifndef PHASES
/* Where number (i, j) of a tile of x, or of a filter, has its slot. */
INLINE int slot(int rows, int i, int columns, int j) { return point(rows, i) * SIDE + point(columns, j); }
#endif

/* rows and columns are constants wherever these are inlined. */
INLINE void x_lanes(const patch *p, int rows, int columns, bool whole, int64_t c, int64_t count, float *to, int64_t planes) {
    lanes half[NUMBERS][NUMBERS], line[NUMBERS], made[NUMBERS];
#pragma GCC unroll 6
    for (int j = 0; j < INPUTS(columns); j++) {
#pragma GCC unroll 6
        for (int i = 0; i < INPUTS(rows); i++) line[i] = pixel(p, whole, i, j, c, count);
        b_transposed(rows, line, made);
#pragma GCC unroll 6
        for (int i = 0; i < INPUTS(rows); i++) half[i][j] = made[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < INPUTS(rows); i++) {
        b_transposed(columns, half[i], made);
#pragma GCC unroll 6
        for (int j = 0; j < INPUTS(columns); j++) store(to + slot(rows, i, columns, j) * planes, made[j]);
    }
}

#ifndef SPREAD
INLINE void dy_lanes(const patch *p, int rows, int columns, bool whole, int64_t c, int64_t count, float *to, int64_t planes) {
    lanes half[SIDE][TILE], line[SIDE], made[SIDE];
#pragma GCC unroll 4
    for (int j = 0; j < columns; j++) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) line[i] = pixel(p, whole, i, j, c, count);
        a_times(rows, line, made);
#pragma GCC unroll 6
        for (int i = 0; i < POINTS(rows); i++) half[i][j] = made[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < POINTS(rows); i++) {
        a_times(columns, half[i], made);
#pragma GCC unroll 6
        for (int j = 0; j < POINTS(columns); j++) store(to + (point(rows, i) * SIDE + point(columns, j)) * planes, made[j]);
    }
}
#endif

/* EACH_SIZE(name) is name for each size of tile, BY_SIZE(name) the table of what that defines, rows first. */
#if TILE == 4
#define EACH_COLUMNS(name, rows) name(rows, 1) name(rows, 2) name(rows, 3) name(rows, 4)
#define EACH_SIZE(name) EACH_COLUMNS(name, 1) EACH_COLUMNS(name, 2) EACH_COLUMNS(name, 3) EACH_COLUMNS(name, 4)
#define ROW_OF(name, rows)                                                                                                     \
    { name##_##rows##_1, name##_##rows##_2, name##_##rows##_3, name##_##rows##_4 }
#define BY_SIZE(name)                                                                                                          \
    { ROW_OF(name, 1), ROW_OF(name, 2), ROW_OF(name, 3), ROW_OF(name, 4) }
#else
#define EACH_SIZE(name) name(1, 1) name(1, 2) name(2, 1) name(2, 2)
#define BY_SIZE(name)                                                                                                          \
    {                                                                                                                          \
        { name##_1_1, name##_1_2 }, { name##_2_1, name##_2_2 }                                                                 \
    }
#endif

/* A tile's channels, LANES at a time, up to whole groups. */
#define DEFINE_FROM(name, lanes_of, rows, columns)                                                                             \
    static void name##_##rows##_##columns(const patch *p, bool inside, int64_t channels, float *to,                            \
                                          const fv_winograd_planes *planes) {                                                  \
        for (int64_t c = 0; c < fv_round_up(channels, GROUP); c += LANES) {                                                    \
            int64_t count = fv_max(fv_min(channels - c, LANES), 0);                                                            \
            float *at = to + c / GROUP * planes->groups + c % GROUP;                                                           \
            if (inside && count == LANES)                                                                                      \
                lanes_of(p, rows, columns, true, c, LANES, at, planes->planes);                                                \
            else                                                                                                               \
                lanes_of(p, rows, columns, false, c, count, at, planes->planes);                                               \
        }                                                                                                                      \
    }
#define DEFINE_X(rows, columns) DEFINE_FROM(x_tile, x_lanes, rows, columns)
EACH_SIZE(DEFINE_X)
static void (*const x_tile[TILE][TILE])(const patch *, bool, int64_t, float *, const fv_winograd_planes *) = BY_SIZE(x_tile);

static void from_x(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to) {
    for (int64_t t = 0; t < count; t++) {
        fv_winograd_place place = fv_winograd_place_of(w, first + t);
        patch p = patch_of(w->x, w->x_size, w->x_pixel, &place, w->origin, w->phases ? 2 : 1);
        x_tile[p.rows - 1][p.columns - 1](&p, lies_inside(&p), w->x_channels, to->at + t * to->tiles, to);
    }
}

#ifndef SPREAD

#define DEFINE_DY(rows, columns) DEFINE_FROM(dy_tile, dy_lanes, rows, columns)
EACH_SIZE(DEFINE_DY)
static void (*const dy_tile[TILE][TILE])(const patch *, bool, int64_t, float *, const fv_winograd_planes *) = BY_SIZE(dy_tile);

/* Results are in the picture, all of a tile's. */
static void from_dy(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *to) {
    for (int64_t t = 0; t < count; t++) {
        fv_winograd_place place = fv_winograd_place_of(w, first + t);
        patch p = patch_of(w->dy, w->y_size, w->dy_pixel, &place, (int64_t[2]){ 0, 0 }, 1);
        dy_tile[p.rows - 1][p.columns - 1](&p, true, w->y_channels, to->at + t * to->tiles, to);
    }
}

#endif

#ifndef SPREAD
#define RESULTS(results) (results)
#define BACK(results) POINTS(results) /* numbers along an axis that a tile of y is made of */
INLINE int y_slot(int rows, int i, int columns, int j) { return point(rows, i) * SIDE + point(columns, j); }
#endif

/* Of a pair of pixels the second may lie beyond the picture's end. */
INLINE bool in_picture(const patch *p, int i, int j) {
    return RESULTS(1) == 1 || (p->row + i < p->height && p->column + j < p->width);
}

INLINE void y_lanes(const fv_winograd *w, const float *from, int64_t planes, const patch *p, int rows, int columns, int64_t c,
                    int64_t count, lanes bias) {
    lanes half[RESULTS(TILE)][BACK(TILE)], line[BACK(TILE)], made[RESULTS(TILE)];
    number *y = (number *)p->at + c;
#pragma GCC unroll 6
    for (int j = 0; j < BACK(columns); j++) {
#pragma GCC unroll 6
        for (int i = 0; i < BACK(rows); i++) line[i] = load(from + y_slot(rows, i, columns, j) * planes);
        a_transposed(rows, line, made);
#pragma GCC unroll 4
        for (int i = 0; i < RESULTS(rows); i++) half[i][j] = made[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < RESULTS(rows); i++) {
        a_transposed(columns, half[i], made);
#pragma GCC unroll 4
        for (int j = 0; j < RESULTS(columns); j++) {
            if (!in_picture(p, i, j)) continue;
            lanes value = made[j] + bias;
            if (w->limited) value = at_most(at_least(value, w->low), w->high);
            if (count < LANES)
                write_tail(y + i * p->line + j * p->pixel, value, count);
            else if (LANES == GROUP && w->streamed)
                write_past(y + i * p->line + j * p->pixel, value);
            else
                write_lanes(y + i * p->line + j * p->pixel, value);
        }
    }
}

#define DEFINE_Y(rows, columns)                                                                                                \
    static void y_tile_##rows##_##columns(const fv_winograd *w, const float *from, const fv_winograd_planes *planes,           \
                                          const patch *p) {                                                                    \
        int64_t channels = w->y_channels;                                                                                      \
        for (int64_t c = 0; c < channels; c += LANES) {                                                                        \
            int64_t count = fv_min(channels - c, LANES);                                                                       \
            const float *at = from + c / GROUP * planes->groups + c % GROUP;                                                   \
            lanes bias = w->bias ? load_tail(w->bias + c, count) : all(0);                                                     \
            if (count == LANES)                                                                                                \
                y_lanes(w, at, planes->planes, p, rows, columns, c, LANES, bias);                                              \
            else                                                                                                               \
                y_lanes(w, at, planes->planes, p, rows, columns, c, count, bias);                                              \
        }                                                                                                                      \
    }
EACH_SIZE(DEFINE_Y)
static void (*const y_tile[TILE][TILE])(const fv_winograd *, const float *, const fv_winograd_planes *,
                                        const patch *) = BY_SIZE(y_tile);

static void to_y(const fv_winograd *w, int64_t first, int64_t count, const fv_winograd_planes *from) {
    for (int64_t t = 0; t < count; t++) {
        fv_winograd_place place = fv_winograd_place_of(w, first + t);
        patch p = patch_of(w->y, w->y_size, w->y_channels, &place, (int64_t[2]){ 0, 0 }, w->spread ? 2 : 1);
        y_tile[p.rows - 1][p.columns - 1](w, from->at + t * from->tiles, from, &p);
    }
    if (w->streamed) stream_end();
}

#if !defined(SPREAD) && !defined(FV_WINOGRAD_STORED) /* the weights of a gradient by phases are those of phases */

/* ---- weights ---- */

/* Rows [first, end) of those of a transformed filter; these, and `streamed`, are constants wherever this is inlined. */
INLINE void lines_from_taps(const float *taps, int64_t tap, int64_t rows, int first, int end, bool streamed, float *to,
                            int64_t plane) {
    for (int64_t at = 0; at < rows * GROUP; at += LANES) {
        lanes half[NUMBERS][3], line[3], made[NUMBERS];
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
            for (int j = 0; j < NUMBERS; j++) {
                float *there = to + (slot(TILE, i, TILE, j) - slot(TILE, first, TILE, 0)) * plane + at;
                if (streamed)
                    stream(there, made[j]);
                else
                    store(there, made[j]);
            }
        }
    }
}

/* A vector of 8 is half a line: not streamed. */
static void from_taps(const float *taps, int64_t tap, int64_t rows, int part, bool streamed, float *to, int64_t plane) {
    if (part == FV_WINOGRAD_WHOLE && streamed && LANES == GROUP) {
        lines_from_taps(taps, tap, rows, 0, NUMBERS, true, to, plane);
        stream_end();
        return;
    }
    if (part == FV_WINOGRAD_WHOLE) lines_from_taps(taps, tap, rows, 0, NUMBERS, false, to, plane);
    if (part == 0) lines_from_taps(taps, tap, rows, 0, 2, false, to, plane);
    if (part == 1) lines_from_taps(taps, tap, rows, 2, 4, false, to, plane);
    if (part == 2) lines_from_taps(taps, tap, rows, 4, NUMBERS, false, to, plane); /* there is none of tiles of 2 */
}

static void to_taps(const float *from, int64_t plane, int64_t rows, float *to, int64_t tap) {
    for (int64_t at = 0; at < rows * GROUP; at += LANES) {
        lanes half[3][NUMBERS], line[NUMBERS], made[3];
        for (int j = 0; j < NUMBERS; j++) {
            for (int i = 0; i < NUMBERS; i++) line[i] = load(from + slot(TILE, i, TILE, j) * plane + at);
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

#endif
