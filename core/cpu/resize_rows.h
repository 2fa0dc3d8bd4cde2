/* resize_rows.h - resize and its gradient, compiled once for each instruction set, f32 NHWC. A unit is a row of pixels of the
 * result. The gradient gathers: for each pixel of x, the output pixels that read it, which lie side by side, since what output
 * pixels read moves one way only. */
#ifndef FV_CPU_RESIZE_ROWS_H
#define FV_CPU_RESIZE_ROWS_H

#include <string.h>

#include "core/base/arena.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/ops/resize.h"
#include "core/plan/kernel.h"

#define CHANNELS 256 /* summed at a time */

/* Along one axis: what each output position reads, and which output positions read each pixel. */
typedef struct readers {
    int64_t begin, end;
} readers;

typedef struct tables {
    fv_resize_tap *taps[2];
    readers *readers[2];
} tables;

static fv_error *make_tables(const fv_resize_options *o, const int64_t *x, const int64_t *y, fv_arena *arena, void **out) {
    tables *t = NULL;
    FV_TRY(fv_arena_take(arena, 1, &t));
    for (int axis = 0; axis < 2; axis++) {
        int64_t from = x[1 + axis], to = y[1 + axis];
        FV_TRY(fv_arena_take(arena, to, &t->taps[axis]));
        FV_TRY(fv_arena_take(arena, from, &t->readers[axis]));
        for (int64_t at = 0; at < to; at++) {
            fv_resize_tap tap = t->taps[axis][at] = fv_resize_tap_of(o, at, from, to);
            for (int64_t pixel = tap.low; pixel <= tap.high; pixel++) {
                readers *r = &t->readers[axis][pixel];
                if (r->end == 0) r->begin = at;
                r->end = at + 1;
            }
        }
    }
    *out = t;
    return NULL;
}

static fv_error *prepare(const fv_call *call, fv_arena *arena, void **out) {
    return make_tables(call->options, call->inputs[0].type.dims, call->outputs[0].type.dims, arena, out);
}

static fv_error *prepare_gradient(const fv_call *call, fv_arena *arena, void **out) {
    return make_tables(call->options, call->outputs[0].type.dims, call->inputs[0].type.dims, arena, out);
}

typedef struct resize {
    const tables *tables;
    const int64_t *x, *y; /* dims; y is the resized one */
    const float *from;
    float *to;
} resize;

static resize resize_of(const fv_call *call, const int64_t *x, const int64_t *y) {
    return (resize){ call->prepared, x, y, call->inputs[0].data, call->outputs[0].data };
}

/* ---- forward ---- */

static void mix(float *restrict y, const float *top_left, const float *top_right, const float *bottom_left,
                const float *bottom_right, float down, float across, int64_t count) {
    for (int64_t c = 0; c < count; c++) {
        float top = top_left[c] * (1 - across) + top_right[c] * across;
        float bottom = bottom_left[c] * (1 - across) + bottom_right[c] * across;
        y[c] = top * (1 - down) + bottom * down;
    }
}

/* Row p of picture n of y. A part of 0 reads one pixel only, the other one may be infinite. */
static void forward_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const resize *t = context;
    int64_t n = unit / t->y[1], p = unit % t->y[1], W = t->x[2], C = t->x[3];
    fv_resize_tap a = t->tables->taps[0][p];
    if (a.part == 0) a.high = a.low;
    const float *top = t->from + (n * t->x[1] + a.low) * W * C, *bottom = t->from + (n * t->x[1] + a.high) * W * C;
    float *y = t->to + unit * t->y[2] * C;
    for (int64_t q = 0; q < t->y[2]; q++, y += C) {
        fv_resize_tap b = t->tables->taps[1][q];
        if (b.part == 0) b.high = b.low;
        if (a.part == 0 && b.part == 0)
            memcpy(y, top + b.low * C, (size_t)C * sizeof *y);
        else
            mix(y, top + b.low * C, top + b.high * C, bottom + b.low * C, bottom + b.high * C, (float)a.part, (float)b.part, C);
    }
}

static void run(const fv_call *call) {
    resize t = resize_of(call, call->inputs[0].type.dims, call->outputs[0].type.dims);
    fv_parallel_for(t.y[0] * t.y[1], forward_unit, &t);
}

/* ---- gradient ---- */

static double weight_of(const fv_resize_tap *tap, int64_t pixel) {
    return (tap->low == pixel ? 1 - tap->part : 0) + (tap->high == pixel ? tap->part : 0);
}

static void add_share(double *restrict sum, const float *restrict dy, double share, int64_t count) {
    for (int64_t c = 0; c < count; c++) sum[c] += dy[c] * share;
}

/* Channels c … c + count − 1 of pixel (h, w); dy: picture n. */
static void gather(const resize *t, const float *dy, int64_t h, int64_t w, int64_t c, int64_t count, float *dx) {
    const fv_resize_tap *down = t->tables->taps[0], *across = t->tables->taps[1];
    readers rows = t->tables->readers[0][h], columns = t->tables->readers[1][w];
    double sum[CHANNELS] = { 0 };
    for (int64_t p = rows.begin; p < rows.end; p++)
        for (int64_t q = columns.begin; q < columns.end; q++) {
            double share = weight_of(&down[p], h) * weight_of(&across[q], w);
            if (share > 0) add_share(sum, dy + (p * t->y[2] + q) * t->y[3] + c, share, count);
        }
    for (int64_t i = 0; i < count; i++) dx[i] = (float)sum[i];
}

/* Row h of picture n of dx. */
static void gradient_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const resize *t = context;
    int64_t n = unit / t->x[1], h = unit % t->x[1], C = t->x[3];
    const float *dy = t->from + n * t->y[1] * t->y[2] * C;
    float *dx = t->to + unit * t->x[2] * C;
    for (int64_t w = 0; w < t->x[2]; w++, dx += C)
        for (int64_t c = 0; c < C; c += CHANNELS) gather(t, dy, h, w, c, fv_min(CHANNELS, C - c), dx + c);
}

static void run_gradient(const fv_call *call) {
    resize t = resize_of(call, call->outputs[0].type.dims, call->inputs[0].type.dims);
    fv_parallel_for(t.x[0] * t.x[1], gradient_unit, &t);
}

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }
static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
