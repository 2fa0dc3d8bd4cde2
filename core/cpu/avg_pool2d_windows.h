/* avg_pool2d_windows.h - the loops of avg_pool2d_windows_*.c, compiled once for each instruction set: average pooling with a
 * window of fixed size, over the whole picture, and adaptive, and the gradients. f32 NHWC; sums in f64. A unit is a row of
 * pixels of the result; the gradient gathers, for each pixel of x, the windows that it lies in. */
#ifndef FV_CPU_AVG_POOL2D_WINDOWS_H
#define FV_CPU_AVG_POOL2D_WINDOWS_H

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/ops/pool2d.h"
#include "core/plan/kernel.h"

#define CHANNELS 256 /* summed at a time */

/* Pictures x and y (y is the pooled one), and what their windows are. */
typedef struct pool {
    const fv_pool2d_options *fixed; /* NULL: adaptive */
    const int64_t *x, *y;           /* dims */
    const float *from;
    float *to;
} pool;

static fv_range range_of(const pool *t, int axis, int64_t window) {
    int64_t length = t->x[1 + axis];
    return t->fixed ? fv_pool2d_range(t->fixed, axis, window, length) : fv_adaptive_range(window, t->y[1 + axis], length);
}

static double divisor_of(const pool *t, int axis, int64_t window) {
    fv_range range = range_of(t, axis, window);
    return (double)(t->fixed ? fv_pool2d_divisor(t->fixed, axis, window, t->x[1 + axis]) : range.end - range.begin);
}

/* The windows whose range holds `pixel`. */
static fv_range windows_of(const pool *t, int axis, int64_t pixel) {
    int64_t length = t->x[1 + axis], count = t->y[1 + axis];
    if (!t->fixed) return (fv_range){ pixel * count / length, fv_ceil_div((pixel + 1) * count, length) };
    int64_t stride = t->fixed->stride[axis], at = pixel + t->fixed->padding[axis], before = at - t->fixed->window[axis];
    return (fv_range){ before < 0 ? 0 : before / stride + 1, fv_min(count, at / stride + 1) };
}

static void add_to(double *restrict sum, const float *restrict x, int64_t count) {
    for (int64_t c = 0; c < count; c++) sum[c] += x[c];
}

static void add_share(double *restrict sum, const float *restrict dy, double share, int64_t count) {
    for (int64_t c = 0; c < count; c++) sum[c] += dy[c] * share;
}

static void store(float *restrict y, const double *restrict sum, double factor, int64_t count) {
    for (int64_t c = 0; c < count; c++) y[c] = (float)(sum[c] * factor);
}

/* Row p of picture n of y. */
static void forward_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pool *t = context;
    int64_t n = unit / t->y[1], p = unit % t->y[1], W = t->x[2], C = t->x[3];
    const float *picture = t->from + n * t->x[1] * W * C;
    fv_range rows = range_of(t, 0, p);
    for (int64_t q = 0; q < t->y[2]; q++) {
        fv_range columns = range_of(t, 1, q);
        double factor = 1 / (divisor_of(t, 0, p) * divisor_of(t, 1, q));
        for (int64_t c = 0; c < C; c += CHANNELS) {
            double sum[CHANNELS] = { 0 };
            int64_t count = fv_min(CHANNELS, C - c);
            for (int64_t h = rows.begin; h < rows.end; h++)
                for (int64_t w = columns.begin; w < columns.end; w++) add_to(sum, picture + (h * W + w) * C + c, count);
            store(t->to + (unit * t->y[2] + q) * C + c, sum, factor, count);
        }
    }
}

/* Row h of picture n of dx. */
static void gradient_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const pool *t = context;
    int64_t n = unit / t->x[1], h = unit % t->x[1], Q = t->y[2], C = t->x[3];
    const float *picture = t->from + n * t->y[1] * Q * C;
    fv_range rows = windows_of(t, 0, h);
    for (int64_t w = 0; w < t->x[2]; w++) {
        fv_range columns = windows_of(t, 1, w);
        for (int64_t c = 0; c < C; c += CHANNELS) {
            double sum[CHANNELS] = { 0 };
            int64_t count = fv_min(CHANNELS, C - c);
            for (int64_t p = rows.begin; p < rows.end; p++)
                for (int64_t q = columns.begin; q < columns.end; q++)
                    add_share(sum, picture + (p * Q + q) * C + c, 1 / (divisor_of(t, 0, p) * divisor_of(t, 1, q)), count);
            store(t->to + (unit * t->x[2] + w) * C + c, sum, 1, count);
        }
    }
}

static void forward(const fv_call *call, const fv_pool2d_options *fixed) {
    const int64_t *x = call->inputs[0].type.dims, *y = call->outputs[0].type.dims;
    pool t = { fixed, x, y, call->inputs[0].data, call->outputs[0].data };
    fv_parallel_for(y[0] * y[1], forward_unit, &t);
}

static void gradient(const fv_call *call, const fv_pool2d_options *fixed) {
    const int64_t *dy = call->inputs[0].type.dims, *dx = call->outputs[0].type.dims;
    pool t = { fixed, dx, dy, call->inputs[0].data, call->outputs[0].data };
    fv_parallel_for(dx[0] * dx[1], gradient_unit, &t);
}

static void run_fixed(const fv_call *call) { forward(call, call->options); }
static void run_adaptive(const fv_call *call) { forward(call, NULL); }
static void run_fixed_gradient(const fv_call *call) { gradient(call, call->options); }
static void run_adaptive_gradient(const fv_call *call) { gradient(call, NULL); }

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }
static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
