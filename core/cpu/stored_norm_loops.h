/* stored_norm_loops.h - the loops of stored_norm_*.c, compiled once for each instruction set: those of batch_norm_rows.h, for
 * rows that may be bf16. */
#ifndef FV_CPU_STORED_NORM_LOOPS_H
#define FV_CPU_STORED_NORM_LOOPS_H

#include "core/cpu/norm_lanes.h"
#include "core/cpu/stored_lanes.h"

#define AHEAD ((int64_t)sizeof(float) * NORM_AHEAD) /* bytes */

/* A channel's first value in the shard is taken off before it is squared, as in batch_norm_rows.h. */
INLINE void add_some(const fv_stored_norm *n, norm_sums *s, bool whole, int64_t to, int64_t at, int64_t shift, int64_t count) {
    lanes d = take(n->x, whole, at, count) - take(n->x, whole, shift, count);
    add_lanes(s, to, d, d * d);
}

INLINE void add_run(const fv_stored_norm *n, int64_t row, int64_t rows, int64_t shift_row, double *sum, double *square) {
    for (int64_t first = 0, count; first < n->channels; first += count) {
        norm_sums s;
        count = fv_min(NORM_CHANNELS, n->channels - first);
        clear_sums(&s, count);
        int64_t shift = shift_row * n->channels + first;
        for (int64_t r = row, c; r < row + rows; r++) {
            int64_t at = r * n->channels + first;
            for (c = 0; c + LANES <= count; c += LANES) {
                ask_ahead(n->x, at + c, AHEAD);
                add_some(n, &s, true, c, at + c, shift + c, LANES);
            }
            if (c < count) add_some(n, &s, false, c, at + c, shift + c, count - c);
        }
        add_sums(&s, count, sum + first, square + first);
    }
}

static void sums(const fv_stored_norm *n, int64_t first, int64_t rows, double *sum, double *square) {
    for (int64_t row = 0; row < rows; row += NORM_RUN)
        add_run(n, first + row, fv_min(NORM_RUN, rows - row), first, sum, square);
    for (int64_t c = 0; c < n->channels && rows > 0; c++) {
        double s = fv_stored_load(n->x, first * n->channels + c), count = (double)rows;
        square[c] += s * (2 * sum[c] + count * s);
        sum[c] += count * s;
    }
}

INLINE void add_gradient_some(const fv_stored_norm *n, norm_sums *to, int activation, bool whole, int64_t c, int64_t at,
                              int64_t channel, int64_t count) {
    lanes x = take(n->x, whole, at, count), d = take(n->dy, whole, at, count);
    if (activation)
        d = slope_lanes(activation, d, x * load_some(whole, n->a + channel, count) + load_some(whole, n->b + channel, count));
    add_lanes(to, c, d, d * (x - load_some(whole, n->mean + channel, count)));
}

INLINE void add_gradient_run(const fv_stored_norm *n, int activation, int64_t row, int64_t rows, double *sum, double *product) {
    for (int64_t first = 0, count; first < n->channels; first += count) {
        norm_sums to;
        count = fv_min(NORM_CHANNELS, n->channels - first);
        clear_sums(&to, count);
        for (int64_t r = row, c; r < row + rows; r++) {
            int64_t at = r * n->channels + first;
            for (c = 0; c + LANES <= count; c += LANES) {
                ask_ahead(n->x, at + c, AHEAD);
                ask_ahead(n->dy, at + c, AHEAD);
                add_gradient_some(n, &to, activation, true, c, at + c, first + c, LANES);
            }
            if (c < count) add_gradient_some(n, &to, activation, false, c, at + c, first + c, count - c);
        }
        add_sums(&to, count, sum + first, product + first);
    }
}

INLINE void apply_some(const fv_stored_norm *n, int activation, bool whole, int64_t at, int64_t c, int64_t count) {
    lanes a = load_some(whole, n->a + c, count), b = load_some(whole, n->b + c, count);
    lanes y = activate_lanes(activation, take(n->x, whole, at, count) * a + b);
    if (whole && n->streamed && n->y.narrow)
        narrow_stream((uint16_t *)n->y.data + at, y);
    else
        put(n->y, whole, at, y, count);
}

INLINE void apply_rows(const fv_stored_norm *n, int activation, int64_t first, int64_t rows) {
    for (int64_t row = first, c; row < first + rows; row++) {
        int64_t at = row * n->channels;
        for (c = 0; c + LANES <= n->channels; c += LANES) {
            ask_ahead(n->x, at + c, AHEAD);
            apply_some(n, activation, true, at + c, c, LANES);
        }
        if (c < n->channels) apply_some(n, activation, false, at + c, c, n->channels - c);
    }
    if (n->streamed) stream_end();
}

INLINE void gradient_some(const fv_stored_norm *n, int activation, bool whole, int64_t at, int64_t c, int64_t count) {
    lanes x = take(n->x, whole, at, count), a = load_some(whole, n->a + c, count), b = load_some(whole, n->b + c, count);
    lanes mean = load_some(whole, n->mean + c, count), p = load_some(whole, n->p + c, count);
    lanes d = slope_lanes(activation, take(n->dy, whole, at, count), x * a + b);
    lanes dx = d * a + ((x - mean) * p + load_some(whole, n->q + c, count));
    if (whole && n->streamed && n->y.narrow)
        narrow_stream((uint16_t *)n->y.data + at, dx);
    else
        put(n->y, whole, at, dx, count);
}

INLINE void gradient_rows(const fv_stored_norm *n, int activation, int64_t first, int64_t rows) {
    for (int64_t row = first, c; row < first + rows; row++) {
        int64_t at = row * n->channels;
        for (c = 0; c + LANES <= n->channels; c += LANES) {
            ask_ahead(n->x, at + c, AHEAD);
            ask_ahead(n->dy, at + c, AHEAD);
            gradient_some(n, activation, true, at + c, c, LANES);
        }
        if (c < n->channels) gradient_some(n, activation, false, at + c, c, n->channels - c);
    }
    if (n->streamed) stream_end();
}

/* `name` is `loop` with the activation a constant. */
#define DEFINE_ROWS(name, loop)                                                                                                \
    static void name(const fv_stored_norm *n, int64_t first, int64_t rows) {                                                   \
        if (n->activation == FV_NORM_RELU)                                                                                     \
            loop(n, FV_NORM_RELU, first, rows);                                                                                \
        else if (n->activation == FV_NORM_RELU6)                                                                               \
            loop(n, FV_NORM_RELU6, first, rows);                                                                               \
        else                                                                                                                   \
            loop(n, FV_NORM_PLAIN, first, rows);                                                                               \
    }
DEFINE_ROWS(apply, apply_rows)
DEFINE_ROWS(gradient, gradient_rows)

static void gradient_sums(const fv_stored_norm *n, int64_t first, int64_t rows, double *sum, double *product) {
    for (int64_t row = 0; row < rows; row += NORM_RUN) {
        int64_t some = fv_min(NORM_RUN, rows - row);
        if (n->activation == FV_NORM_RELU)
            add_gradient_run(n, FV_NORM_RELU, first + row, some, sum, product);
        else if (n->activation == FV_NORM_RELU6)
            add_gradient_run(n, FV_NORM_RELU6, first + row, some, sum, product);
        else
            add_gradient_run(n, FV_NORM_PLAIN, first + row, some, sum, product);
    }
}

#endif
