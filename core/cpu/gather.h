/* gather.h - convolution as a matrix product: which floats of a picture make up a row of the left operand.
 *
 * A row belongs to a pixel (n, i, j) of a grid; it holds, tap by tap (height, then width), the `channels` floats of the pixel
 *     (i · step[0] + offset[0] + t · tap_step[0],  j · step[1] + offset[1] + u · tap_step[1]),   t < taps[0], u < taps[1],
 * and zeros where that lies outside. Taps along the width that lie side by side in memory are copied as one run. Forward,
 * offset is minus the padding and tap_step the dilation; of the gradient with respect to the input see fv_gather_gradient. */
#ifndef FV_CPU_GATHER_H
#define FV_CPU_GATHER_H

#include "core/base/size.h"
#include "core/graph/op.h"
#include "core/ops/conv2d.h"

typedef struct fv_gather {
    const char *from;             /* pixel (0, 0, 0), first channel of the group */
    int64_t height, width, pixel; /* of the picture; elements from one pixel to the next */
    int64_t grid[2], step[2];
    int64_t taps[2], offset[2], tap_step[2];
    int64_t channels;
} fv_gather;

static inline int64_t fv_gather_depth(const fv_gather *g) { return g->taps[0] * g->taps[1] * g->channels; }

typedef void (*fv_gather_copy)(void *to, const void *from, int64_t count);
typedef void (*fv_gather_zero)(void *to, int64_t count);

/* Elements [begin, end) of the row's part for one tap row, whose pixels lie in the picture row at `line`, the first at
 * `column`. */
static inline __attribute__((always_inline)) void fv_gather_line(const fv_gather *g, int64_t size, fv_gather_copy copy,
                                                                 fv_gather_zero zero, const char *line, int64_t column,
                                                                 int64_t begin, int64_t end, char *to) {
    if (g->tap_step[1] == 1 && g->channels == g->pixel) {
        int64_t low = fv_max(0, -column) * g->channels, high = fv_min(g->taps[1], g->width - column) * g->channels;
        low = fv_min(fv_max(low, begin), end), high = fv_max(fv_min(high, end), low);
        if (low > begin) zero(to, low - begin);
        if (high > low) copy(to + (low - begin) * size, line + (column * g->pixel + low) * size, high - low);
        if (end > high) zero(to + (high - begin) * size, end - high);
        return;
    }
    for (int64_t at = begin, next; at < end; to += (next - at) * size, at = next) {
        int64_t tap = at / g->channels, inside = at - tap * g->channels, from = column + tap * g->tap_step[1];
        next = fv_min(end, (tap + 1) * g->channels);
        if (from < 0 || from >= g->width)
            zero(to, next - at);
        else
            copy(to, line + (from * g->pixel + inside) * size, next - at);
    }
}

/* Elements [begin, end) of one row, for grid pixel (i, j) of picture n. */
static inline __attribute__((always_inline)) void fv_gather_row(const fv_gather *g, int64_t size, fv_gather_copy copy,
                                                                fv_gather_zero zero, int64_t n, int64_t i, int64_t j,
                                                                int64_t begin, int64_t end, char *to) {
    int64_t part = g->taps[1] * g->channels, line = g->width * g->pixel * size;
    for (int64_t at = begin, next; at < end; at = next) {
        int64_t tap = at / part, h = i * g->step[0] + g->offset[0] + tap * g->tap_step[0];
        next = fv_min(end, (tap + 1) * part);
        char *out = to + (at - begin) * size;
        if (h < 0 || h >= g->height)
            zero(out, next - at);
        else
            fv_gather_line(g, size, copy, zero, g->from + (n * g->height + h) * line, j * g->step[1] + g->offset[1],
                           at - tap * part, next - tap * part, out);
    }
}

/* The same of `count` rows from grid column j on, whose windows lie inside the picture's width, and whose taps along it are one
 * run each: tap row by tap row. */
static inline __attribute__((always_inline)) void fv_gather_inside(const fv_gather *g, int64_t size, fv_gather_copy copy,
                                                                   fv_gather_zero zero, int64_t n, int64_t i, int64_t j,
                                                                   int64_t count, int64_t begin, int64_t end, int64_t stride,
                                                                   char *to) {
    int64_t part = g->taps[1] * g->channels, left = (j * g->step[1] + g->offset[1]) * g->pixel;
    for (int64_t at = begin, next; at < end; at = next) {
        int64_t tap = at / part, h = i * g->step[0] + g->offset[0] + tap * g->tap_step[0];
        next = fv_min(end, (tap + 1) * part);
        char *out = to + (at - begin) * size;
        bool outside = h < 0 || h >= g->height;
        const char *from =
            outside ? NULL : g->from + ((n * g->height + h) * g->width * g->pixel + left + at - tap * part) * size;
        for (int64_t row = 0; row < count && outside; row++) zero(out + row * stride * size, next - at);
        for (int64_t row = 0; row < count && !outside; row++)
            copy(out + row * stride * size, from + row * g->step[1] * g->pixel * size, next - at);
    }
}

#define FV_GATHER_SHORT 64 /* elements of a run that costs less than finding it */

/* Elements [begin, end) of rows [first, first + count), `stride` elements apart, into `to`. copy and zero may write beyond the
 * end of what they are given by less than FV_GATHER_BEYOND elements: a row's runs are written in rising order, rows in rising
 * order where there is no such room between them, and `to` has it at its end. */
#define FV_GATHER_BEYOND 8
static inline __attribute__((always_inline)) void fv_gather_rows(const fv_gather *g, int64_t size, fv_gather_copy copy,
                                                                 fv_gather_zero zero, int64_t first, int64_t count,
                                                                 int64_t begin, int64_t end, int64_t stride, char *to) {
    if (begin >= end) return;
    int64_t j = first % g->grid[1], i = first / g->grid[1] % g->grid[0], n = first / g->grid[1] / g->grid[0];
    int64_t low = g->offset[1] < 0 ? fv_ceil_div(-g->offset[1], g->step[1]) : 0, most = g->width - g->taps[1] - g->offset[1];
    bool together = g->tap_step[1] == 1 && g->channels == g->pixel && g->taps[1] * g->channels < FV_GATHER_SHORT &&
                    end - begin + FV_GATHER_BEYOND <= stride;
    int64_t high = together && most >= 0 ? fv_min(most / g->step[1] + 1, g->grid[1]) : 0; /* columns [low, high) see all taps */
    for (int64_t row = 0, run; row < count; row += run) {
        run = j >= low && j < high ? fv_min(high - j, count - row) : 1;
        if (run > 1)
            fv_gather_inside(g, size, copy, zero, n, i, j, run, begin, end, stride, to + row * stride * size);
        else
            fv_gather_row(g, size, copy, zero, n, i, j, begin, end, to + row * stride * size);
        if ((j += run) == g->grid[1]) {
            j = 0;
            if (++i == g->grid[0]) i = 0, n++;
        }
    }
}

/* Whether the rows are the picture's pixels as they lie, `pixel` elements apart: one tap, at every pixel. */
static inline bool fv_gather_is_plain(const fv_gather *g) {
    return g->taps[0] == 1 && g->taps[1] == 1 && g->step[0] == 1 && g->step[1] == 1 && !g->offset[0] && !g->offset[1] &&
           g->grid[0] == g->height && g->grid[1] == g->width;
}

/* The forward product's left operand for one group: x, gathered for each pixel of y. Types only, `x` may be NULL. */
fv_gather fv_gather_forward(const fv_conv2d_options *options, const fv_type *x, const fv_type *w, const fv_type *y,
                            const void *data, int64_t group);

/* One class of the gradient with respect to the input. Input pixels h with (h + padding) mod stride alike, along both axes,
 * meet the same taps of w. The left operand is dy gathered for each pixel of the class: pixel (i, j) of the class with origin
 * (a, b) is input pixel (i · stride[0] + a, j · stride[1] + b), so class 0, with origin (0, 0), has the most. Tap (t, u) is w's
 * (tap_first[0] − t · tap_back[0], tap_first[1] − u · tap_back[1]); every tap of w belongs to one class at most. */
typedef struct fv_gather_class {
    fv_gather gather;
    int64_t origin[2], tap_first[2], tap_back[2];
    int64_t taps_before; /* of the classes before it */
} fv_gather_class;
int64_t fv_gather_classes(const fv_conv2d_options *options, const fv_type *dx); /* those that have a pixel */
fv_gather_class fv_gather_gradient(const fv_conv2d_options *options, const fv_type *dx, const fv_type *w, const fv_type *dy,
                                   const void *data, int64_t group, int64_t class);

#endif
