/* norm_conv2d_depthwise_rows_avx2.c - norm_conv2d by depthwise filters of 3×3 and 5×5, f32, two rows of results at a time: the
 * rows they read are normalised into a ring that stays in the second-level cache while the filter passes over it, and the next
 * ones are asked for meanwhile. The bits are those of batch_norm_rows and conv2d_depthwise_tiles, with AVX2 and with
 * AVX-512. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/depthwise_rows.h"
#include "core/cpu/norm_rows.h"
#include "core/ops/conv2d.h"
#include "core/ops/norm_conv2d.h"
#include "core/plan/kernel.h"

#define LINE_FLOATS 16

typedef struct filter {
    const fv_call *call;
    const fv_conv2d_options *options;
    fv_norm norm;
    int side, stride, inputs; /* inputs: rows that two rows of results read */
    int64_t pictures, in[2], out[2], channels;
    bool streamed;
} filter;

/* ---- scratch: the norm's numbers, then each thread's ring and zeros ---- */

static int64_t lines(int64_t floats) { return fv_round_up(floats, LINE_FLOATS); }
static int64_t norm_floats(const filter *f) { return lines(2 * f->channels); }
static int64_t ring_floats(const filter *f) { return lines(f->inputs * f->in[1] * f->channels) + LINE_FLOATS; }
static int64_t thread_floats(const filter *f) { return ring_floats(f) + lines(f->channels) + LINE_FLOATS; }

static filter filter_of(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const int64_t *x = call->inputs[FV_NORM_CONV_X].type.dims, *y = call->outputs[0].type.dims;
    filter f = { .call = call,
                 .options = o,
                 .side = (int)call->inputs[FV_NORM_CONV_W].type.dims[1],
                 .stride = (int)o->stride[0],
                 .pictures = x[0],
                 .in = { x[1], x[2] },
                 .out = { y[1], y[2] },
                 .channels = x[3] };
    f.inputs = fv_depthwise_inputs(f.side, f.stride);
    f.streamed = fv_type_bytes(&call->outputs[0].type) >= FV_COST_CACHES && f.channels % LINE_FLOATS == 0 &&
                 (uintptr_t)call->outputs[0].data % 64 == 0;
    return f;
}

static int64_t scratch(const fv_call *call) {
    filter f = filter_of(call);
    return (norm_floats(&f) + call->threads * thread_floats(&f)) * (int64_t)sizeof(float);
}

/* Row h of picture n, normalised, comes into the ring. */
static void normalize(const filter *f, float *ring, int64_t n, int64_t h) {
    fv_norm_apply(&(fv_norm_rows){ .norm = &f->norm,
                                   .channels = f->channels,
                                   .rows = f->in[1],
                                   .x = (const float *)f->call->inputs[0].data + (n * f->in[0] + h) * f->in[1] * f->channels,
                                   .x_row = f->channels,
                                   .y = ring + h % f->inputs * f->in[1] * f->channels,
                                   .y_row = f->channels });
}

/* The rows of x that come into the ring next, from row `h` of picture n on: behind its last those of the next picture. */
static fv_depthwise_ahead ahead(const filter *f, int64_t n, int64_t h) {
    int64_t next = n * f->in[0] + h, end = fv_min(next + FV_DEPTHWISE_ROWS * f->stride, f->pictures * f->in[0]);
    return (fv_depthwise_ahead){ .from = (const float *)f->call->inputs[0].data + next * f->in[1] * f->channels,
                                 .pixels = fv_max(end - next, 0) * f->in[1],
                                 .pixel = f->channels,
                                 .channels = f->channels };
}

static void two_rows(const filter *f, float *ring, int64_t n, int64_t p, int64_t ready) {
    fv_depthwise_rows r = { .side = f->side,
                            .stride = f->stride,
                            .channels = f->channels,
                            .left = f->options->padding[1],
                            .in_width = f->in[1],
                            .out_width = f->out[1],
                            .streamed = f->streamed,
                            .w = f->call->packed,
                            .zeros = ring + ring_floats(f) };
    int64_t top = p * f->stride - f->options->padding[0], row = f->out[1] * f->channels;
    for (int i = 0; i < f->inputs; i++)
        if (top + i >= 0 && top + i < f->in[0]) r.in[i] = ring + (top + i) % f->inputs * f->in[1] * f->channels;
    for (int64_t i = 0; i < FV_DEPTHWISE_ROWS && p + i < f->out[0]; i++)
        r.out[i] = (float *)f->call->outputs[0].data + (n * f->out[0] + p + i) * row;
    r.ahead = ahead(f, n, ready);
    fv_depthwise_two_rows(&r);
}

static void run_picture(void *context, int64_t n, int thread) {
    const filter *f = context;
    float *ring = (float *)f->call->scratch + norm_floats(f) + thread * thread_floats(f);
    memset(ring + ring_floats(f), 0, (size_t)f->channels * sizeof(float));
    for (int64_t p = 0, ready = 0; p < f->out[0]; p += FV_DEPTHWISE_ROWS) {
        int64_t top = p * f->stride - f->options->padding[0];
        for (ready = fv_max(ready, top); ready < fv_min(top + f->inputs, f->in[0]); ready++) normalize(f, ring, n, ready);
        two_rows(f, ring, n, p, ready);
    }
}

static void run(const fv_call *call) {
    filter f = filter_of(call);
    const fv_tensor *in = call->inputs;
    f.norm = fv_norm_of(in[FV_NORM_CONV_SCALE].data, in[FV_NORM_CONV_BIAS].data, in[FV_NORM_CONV_MEAN].data,
                        in[FV_NORM_CONV_INV_STD].data, f.channels, f.options->activation, call->scratch);
    fv_parallel_for(f.pictures, run_picture, &f);
}

/* ---- weights tap by tap ---- */

static int64_t packed(const fv_call *call) { return fv_type_bytes(&call->inputs[FV_NORM_CONV_W].type); }

static void pack(const fv_call *call) {
    const int64_t *w = call->inputs[FV_NORM_CONV_W].type.dims, taps = w[1] * w[2];
    const float *from = call->inputs[FV_NORM_CONV_W].data;
    float *to = call->packed;
    for (int64_t c = 0; c < w[0]; c++)
        for (int64_t tap = 0; tap < taps; tap++) to[tap * w[0] + c] = from[c * taps + tap];
}

/* ---- what the planner asks ---- */

static const char *refuse(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const int64_t *w = call->inputs[FV_NORM_CONV_W].type.dims;
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (w[3] != 1 || o->groups != w[0] || call->inputs[0].type.dims[3] != w[0]) return FV_REFUSE_GROUPS;
    if (o->dilation[0] != 1 || o->dilation[1] != 1) return FV_REFUSE_DILATION;
    if (w[1] != w[2] || (w[1] != 3 && w[1] != 5)) return FV_REFUSE_SHAPE;
    return o->stride[0] != o->stride[1] || o->stride[0] > 2 ? FV_REFUSE_OPTIONS : NULL;
}

static double cost(const fv_call *call) {
    fv_work work = fv_call_work(call);
    return FV_COST_CALL + fmax(work.bytes / FV_COST_BYTES, work.flops / (FV_COST_AVX2_FLOPS / 2));
}

const fv_kernel fv_kernel_norm_conv2d_depthwise_rows_f32_avx2 = {
    .name = "norm_conv2d_depthwise_rows_f32_avx2",
    .op = "norm_conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .pack_input = FV_NORM_CONV_W,
    .run = run,
};
