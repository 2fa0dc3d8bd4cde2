/* norm_rows_loops.h - the loops of norm_rows_*.c, compiled once for each instruction set. `activation`, `vectors`, `whole` and
 * `past` are constants wherever these are inlined. */
#ifndef FV_CPU_NORM_ROWS_LOOPS_H
#define FV_CPU_NORM_ROWS_LOOPS_H

#include "core/cpu/norm_lanes.h"
#include "core/cpu/norm_rows.h"

/* How far ahead rows are asked for that are so many floats apart: the same channels of a later one. */
INLINE int64_t ahead_of(int64_t row) { return fv_round_up(NORM_AHEAD, row); }

INLINE void apply_row(const fv_norm_rows *r, int activation, int64_t row) {
    const float *x = r->x + row * r->x_row, *a = r->norm->a + r->first, *b = r->norm->b + r->first;
    float *y = r->y + row * r->y_row;
    int64_t c = 0, channels = r->channels, ahead = ahead_of(r->x_row);
    for (; c + LANES <= channels; c += LANES) {
        __builtin_prefetch(x + c + ahead);
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
    int64_t c = 0, channels = r->channels, first = r->first, ahead = ahead_of(r->x_row), dy_ahead = ahead_of(r->dy_row);
    for (; c + LANES <= channels; c += LANES) {
        __builtin_prefetch(x + c + ahead);
        __builtin_prefetch(dy + c + dy_ahead);
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

/* `count` numbers of a vector go to those in f64. */
INLINE void add_to(double *to, lanes value, int64_t count) {
    _Alignas(64) float numbers[LANES];
    store(numbers, value);
    for (int64_t i = 0; i < count; i++) to[i] += (double)numbers[i];
}

#define LINE (16 / LANES) /* vectors in a line of the caches: past them whole lines are written at once */

/* A run of rows from `row` on, `vectors` vectors of channels from c on: what belongs to the channels stays in registers. The
 * rows were read a short while ago. */
INLINE void sums_run(const fv_norm_rows *r, int activation, int vectors, bool whole, bool past, int64_t row, int64_t c,
                     int64_t count, double *sum, double *product) {
    const fv_norm *n = r->norm;
    lanes a[LINE], b[LINE], mean[LINE], total[LINE], products[LINE];
    int64_t channel = r->first + c, end = fv_min(row + NORM_RUN, r->rows);
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) {
        a[v] = load_some(whole, n->a + channel + v * LANES, count), b[v] = load_some(whole, n->b + channel + v * LANES, count);
        mean[v] = load_some(whole, n->mean + channel + v * LANES, count), total[v] = products[v] = all(0);
    }
    for (int64_t i = row; i < end; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            int64_t at = c + v * LANES;
            lanes x = load_some(whole, r->x + i * r->x_row + at, count),
                  dy = load_some(whole, r->dy + i * r->dy_row + at, count);
            lanes d = slope_lanes(activation, dy, x * a[v] + b[v]);
            if (past)
                stream(r->y + i * r->y_row + at, dy);
            else
                store_some(whole, r->y + i * r->y_row + at, dy, count);
            total[v] = total[v] + d;
            products[v] = products[v] + d * (x - mean[v]);
        }
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) {
        add_to(sum + c + v * LANES, total[v], count);
        add_to(product + c + v * LANES, products[v], count);
    }
}

INLINE void sums_rows(const fv_norm_rows *r, int activation, bool past, double *sum, double *product) {
    for (int64_t row = 0, c; row < r->rows; row += NORM_RUN) {
        for (c = 0; c + 16 <= r->channels; c += 16) sums_run(r, activation, LINE, true, past, row, c, LANES, sum, product);
        for (; c < r->channels; c += LANES)
            sums_run(r, activation, 1, false, false, row, c, fv_min(LANES, r->channels - c), sum, product);
    }
    if (past) stream_end();
}

static void sums(const fv_norm_rows *r, bool past, double *sum, double *product) {
    if (r->norm->activation == FV_NORM_RELU)
        sums_rows(r, FV_NORM_RELU, past, sum, product);
    else if (r->norm->activation == FV_NORM_RELU6)
        sums_rows(r, FV_NORM_RELU6, past, sum, product);
    else
        sums_rows(r, FV_NORM_PLAIN, past, sum, product);
}

#endif
