/* max_pool2d_windows.h - the loops of max_pool2d_windows_*.c, compiled once for each instruction set: max pooling and its
 * gradient, f32 NHWC. The gradient finds the winner of each window again and adds to it; a unit is a picture and some of its
 * channels, so no two units touch one element, and an element adds its windows up in row order. Where windows lie side by side
 * an element is in one at most: each is written once, and a unit is a row of windows. */
#ifndef FV_CPU_MAX_POOL2D_WINDOWS_H
#define FV_CPU_MAX_POOL2D_WINDOWS_H

#include <stdint.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/ops/pool2d.h"
#include "core/plan/kernel.h"

#define CHANNELS 64 /* of a unit of the gradient */

typedef struct pool {
    const fv_pool2d_options *o;
    const int64_t *x, *y; /* dims; y is the pooled one */
    const float *from, *dy;
    float *to;
} pool;

/* A NaN replaces anything, a number only what is smaller: the first of equals stays, as does a NaN. */
static void take_larger(float *restrict most, const float *restrict x, int64_t count) {
    for (int64_t c = 0; c < count; c++) most[c] = ((x[c] > most[c]) | (x[c] != x[c])) ? x[c] : most[c];
}

/* Row p of picture n of y. */
static void forward_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pool *t = context;
    int64_t n = unit / t->y[1], p = unit % t->y[1], H = t->x[1], W = t->x[2], C = t->x[3];
    const float *picture = t->from + n * H * W * C;
    fv_range rows = fv_pool2d_range(t->o, 0, p, H);
    for (int64_t q = 0; q < t->y[2]; q++) {
        fv_range columns = fv_pool2d_range(t->o, 1, q, W);
        float *y = t->to + (unit * t->y[2] + q) * C;
        memcpy(y, picture + (rows.begin * W + columns.begin) * C, (size_t)C * sizeof *y);
        for (int64_t h = rows.begin; h < rows.end; h++)
            for (int64_t w = columns.begin; w < columns.end; w++)
                if (h > rows.begin || w > columns.begin) take_larger(y, picture + (h * W + w) * C, C);
    }
}

static void find_larger(float *restrict most, int32_t *restrict winner, const float *restrict x, int32_t pixel, int64_t count) {
    for (int64_t c = 0; c < count; c++) {
        int32_t wins = (x[c] > most[c]) | (x[c] != x[c]);
        most[c] = wins ? x[c] : most[c];
        winner[c] = wins ? pixel : winner[c];
    }
}

static void add_where(float *restrict dx, const float *restrict dy, const int32_t *restrict winner, int32_t pixel,
                      int64_t count) {
    for (int64_t c = 0; c < count; c++) dx[c] += winner[c] == pixel ? dy[c] : 0;
}

/* Zero before it is added to anything, as in a sum: no −0. */
static void write_where(float *restrict dx, const float *restrict dy, const int32_t *restrict winner, int32_t pixel,
                        int64_t count) {
    for (int64_t c = 0; c < count; c++) dx[c] = 0 + (winner[c] == pixel ? dy[c] : 0);
}

/* The winners of one window, `count` channels from x on; pixels are numbered in row order. */
static void find_winners(const pool *t, const float *x, fv_range rows, fv_range columns, int64_t count, int32_t *winner) {
    float most[CHANNELS];
    int32_t pixel = 0;
    int64_t W = t->x[2], C = t->x[3];
    memcpy(most, x + (rows.begin * W + columns.begin) * C, (size_t)count * sizeof *most);
    memset(winner, 0, (size_t)count * sizeof *winner);
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++, pixel++)
            if (pixel) find_larger(most, winner, x + (h * W + w) * C, pixel, count);
}

/* One window, `count` channels from x and dx on. */
static void window_gradient(const pool *t, const float *x, float *dx, const float *dy, fv_range rows, fv_range columns,
                            int64_t count) {
    int32_t winner[CHANNELS], pixel = 0;
    int64_t W = t->x[2], C = t->x[3];
    find_winners(t, x, rows, columns, count, winner);
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++, pixel++)
            add_where(dx + (h * W + w) * C, dy, winner, pixel, count);
}

static void gradient_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pool *t = context;
    int64_t H = t->x[1], W = t->x[2], C = t->x[3], blocks = fv_ceil_div(C, CHANNELS), n = unit / blocks;
    int64_t c = unit % blocks * CHANNELS, count = fv_min(CHANNELS, C - c);
    const float *x = t->from + n * H * W * C + c, *dy = t->dy + n * t->y[1] * t->y[2] * C + c;
    float *dx = t->to + n * H * W * C + c;
    for (int64_t i = 0; i < H * W; i++) memset(dx + i * C, 0, (size_t)count * sizeof *dx);
    for (int64_t p = 0; p < t->y[1]; p++)
        for (int64_t q = 0; q < t->y[2]; q++)
            window_gradient(t, x, dx, dy + (p * t->y[2] + q) * C, fv_pool2d_range(t->o, 0, p, H),
                            fv_pool2d_range(t->o, 1, q, W), count);
}

/* ---- windows side by side ---- */

static bool lie_side_by_side(const fv_pool2d_options *o) {
    bool apart = true;
    for (int d = 0; d < 2; d++) apart = apart && o->stride[d] == o->window[d];
    for (int side = 0; side < 4; side++) apart = apart && o->padding[side] == 0;
    return apart;
}

static void zero_pixels(const pool *t, float *dx, int64_t first, int64_t end) {
    memset(dx + first * t->x[3], 0, (size_t)((end - first) * t->x[3]) * sizeof *dx);
}

/* Row p of windows of picture n, and what is right of it; with the last one what is below. */
static void row_gradient_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pool *t = context;
    int64_t n = unit / t->y[1], p = unit % t->y[1], H = t->x[1], W = t->x[2], C = t->x[3];
    const float *x = t->from + n * H * W * C, *dy = t->dy + unit * t->y[2] * C;
    float *dx = t->to + n * H * W * C;
    fv_range rows = fv_pool2d_range(t->o, 0, p, H);
    for (int64_t q = 0; q < t->y[2]; q++, dy += C) {
        fv_range columns = fv_pool2d_range(t->o, 1, q, W);
        for (int64_t c = 0; c < C; c += CHANNELS) {
            int32_t winner[CHANNELS], pixel = 0;
            int64_t count = fv_min(CHANNELS, C - c);
            find_winners(t, x + c, rows, columns, count, winner);
            for (int64_t h = rows.begin; h < rows.end; h++)
                for (int64_t w = columns.begin; w < columns.end; w++, pixel++)
                    write_where(dx + (h * W + w) * C + c, dy + c, winner, pixel, count);
        }
    }
    int64_t right = fv_pool2d_range(t->o, 1, t->y[2] - 1, W).end;
    for (int64_t h = rows.begin; h < rows.end; h++) zero_pixels(t, dx, h * W + right, (h + 1) * W);
    if (p + 1 == t->y[1]) zero_pixels(t, dx, rows.end * W, H * W);
}

/* ---- all ---- */

static void run(const fv_call *call) {
    pool t = {
        .o = call->options,
        .x = call->inputs[0].type.dims,
        .y = call->outputs[0].type.dims,
        .from = call->inputs[0].data,
        .to = call->outputs[0].data,
    };
    fv_parallel_for(t.y[0] * t.y[1], forward_unit, &t);
}

static void run_gradient(const fv_call *call) {
    pool t = {
        .o = call->options,
        .x = call->inputs[0].type.dims,
        .y = call->inputs[1].type.dims,
        .from = call->inputs[0].data,
        .dy = call->inputs[1].data,
        .to = call->outputs[0].data,
    };
    if (lie_side_by_side(t.o))
        fv_parallel_for(t.y[0] * t.y[1], row_gradient_unit, &t);
    else
        fv_parallel_for(t.x[0] * fv_ceil_div(t.x[3], CHANNELS), gradient_unit, &t);
}

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

/* Pixels of a window are numbered in 32 bits. */
static const char *refuse_gradient(const fv_call *call) {
    const int64_t *x = call->inputs[0].type.dims;
    return x[1] * x[2] > INT32_MAX ? FV_REFUSE_SHAPE : refuse(call);
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
