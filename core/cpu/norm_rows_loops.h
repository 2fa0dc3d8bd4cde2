/* norm_rows_loops.h - the loops of norm_rows_*.c, compiled once for each instruction set. */
#ifndef FV_CPU_NORM_ROWS_LOOPS_H
#define FV_CPU_NORM_ROWS_LOOPS_H

#include "core/cpu/norm_lanes.h"
#include "core/cpu/norm_rows.h"

INLINE void apply_row(const fv_norm_rows *r, int activation, int64_t row) {
    const float *x = r->x + row * r->x_row, *a = r->norm->a + r->first, *b = r->norm->b + r->first;
    float *y = r->y + row * r->y_row;
    int64_t c = 0, channels = r->channels;
    for (; c + LANES <= channels; c += LANES) {
        __builtin_prefetch(x + c + NORM_AHEAD);
        store(y + c, activate_lanes(activation, load(x + c) * load(a + c) + load(b + c)));
    }
    if (c == channels) return;
    int64_t left = channels - c;
    lanes value = activate_lanes(activation, load_tail(x + c, left) * load_tail(a + c, left) + load_tail(b + c, left));
    store_tail(y + c, value, left);
}

INLINE void gradient_some(const fv_norm *n, int activation, bool whole, int64_t at, const float *from, const float *dy,
                          float *to, int64_t count) {
    lanes x = load_some(whole, from, count), a = load_some(whole, n->a + at, count), b = load_some(whole, n->b + at, count);
    lanes mean = load_some(whole, n->mean + at, count), p = load_some(whole, n->p + at, count);
    lanes d = slope_lanes(activation, load_some(whole, dy, count), x * a + b);
    store_some(whole, to, d * a + ((x - mean) * p + load_some(whole, n->q + at, count)), count);
}

INLINE void gradient_row(const fv_norm_rows *r, int activation, int64_t row) {
    const float *x = r->x + row * r->x_row, *dy = r->dy + row * r->dy_row;
    const fv_norm n = *r->norm;
    float *to = r->y + row * r->y_row;
    int64_t c = 0, channels = r->channels, first = r->first;
    for (; c + LANES <= channels; c += LANES) {
        __builtin_prefetch(x + c + NORM_AHEAD);
        __builtin_prefetch(dy + c + NORM_AHEAD);
        gradient_some(&n, activation, true, first + c, x + c, dy + c, to + c, LANES);
    }
    if (c < channels) gradient_some(&n, activation, false, first + c, x + c, dy + c, to + c, channels - c);
}

#define DEFINE_ROWS(name, one_row, activation)                                                                                 \
    static void name(const fv_norm_rows *r) {                                                                                  \
        for (int64_t row = 0; row < r->rows; row++) one_row(r, activation, row);                                               \
    }
DEFINE_ROWS(apply_plain, apply_row, FV_NORM_PLAIN)
DEFINE_ROWS(apply_relu, apply_row, FV_NORM_RELU)
DEFINE_ROWS(apply_relu6, apply_row, FV_NORM_RELU6)
DEFINE_ROWS(gradient_plain, gradient_row, FV_NORM_PLAIN)
DEFINE_ROWS(gradient_relu, gradient_row, FV_NORM_RELU)
DEFINE_ROWS(gradient_relu6, gradient_row, FV_NORM_RELU6)

static void apply_rows(const fv_norm_rows *r) {
    static void (*const rows[])(const fv_norm_rows *) = { apply_plain, apply_relu, apply_relu6 };
    rows[r->norm->activation](r);
}

static void gradient_rows(const fv_norm_rows *r) {
    static void (*const rows[])(const fv_norm_rows *) = { gradient_plain, gradient_relu, gradient_relu6 };
    rows[r->norm->activation](r);
}

INLINE void sums_some(const fv_norm_rows *r, norm_sums *to, int activation, bool whole, bool stream_y, int64_t row, int64_t c,
                      int64_t at, int64_t count) {
    const fv_norm *n = r->norm;
    lanes x = load_some(whole, r->x + row * r->x_row + at, count), dy = load_some(whole, r->dy + row * r->dy_row + at, count);
    lanes a = load_some(whole, n->a + r->first + at, count), b = load_some(whole, n->b + r->first + at, count);
    lanes d = slope_lanes(activation, dy, x * a + b);
    if (whole && stream_y)
        stream(r->y + row * r->y_row + at, dy);
    else
        store_some(whole, r->y + row * r->y_row + at, dy, count);
    add_lanes(to, c, d, d * (x - load_some(whole, n->mean + r->first + at, count)));
}

INLINE void sums_run(const fv_norm_rows *r, int activation, bool stream_y, int64_t row, int64_t rows, double *sum,
                     double *product) {
    for (int64_t first = 0, count; first < r->channels; first += count) {
        norm_sums to;
        count = fv_min(NORM_CHANNELS, r->channels - first);
        clear_sums(&to, count);
        for (int64_t i = row, c; i < row + rows; i++) {
            for (c = 0; c + LANES <= count; c += LANES) {
                __builtin_prefetch(r->x + i * r->x_row + first + c + NORM_AHEAD);
                sums_some(r, &to, activation, true, stream_y, i, c, first + c, LANES);
            }
            if (c < count) sums_some(r, &to, activation, false, false, i, c, first + c, count - c);
        }
        add_sums(&to, count, sum + first, product + first);
    }
}

INLINE void sums_rows(const fv_norm_rows *r, int activation, bool stream_y, double *sum, double *product) {
    for (int64_t row = 0; row < r->rows; row += NORM_RUN)
        sums_run(r, activation, stream_y, row, fv_min(NORM_RUN, r->rows - row), sum, product);
    if (stream_y) stream_end();
}

static void sums(const fv_norm_rows *r, bool stream_y, double *sum, double *product) {
    if (r->norm->activation == FV_NORM_RELU)
        sums_rows(r, FV_NORM_RELU, stream_y, sum, product);
    else if (r->norm->activation == FV_NORM_RELU6)
        sums_rows(r, FV_NORM_RELU6, stream_y, sum, product);
    else
        sums_rows(r, FV_NORM_PLAIN, stream_y, sum, product);
}

#endif
