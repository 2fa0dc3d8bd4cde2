/* norm_depthwise_grad_rows_avx2.c - norm_depthwise_grad by filters of 3×3 and 5×5, f32: everything that lies between x, z and
 * dy in memory and de is made two rows at a time and lives in the second-level cache. dz goes into one ring of rows, e into
 * another; both gradients of the convolution read those, and rows of de are summed for the first norm's gradient on their way
 * to memory. What the next rows are made of is asked for while tiles are computed, which read no memory. With AVX2 and with
 * AVX-512, in the same bits.
 *
 * A unit is some channels of one shard: it adds up its partial sums picture by picture, row by row. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/depthwise_rows.h"
#include "core/cpu/norm_rows.h"
#include "core/ops/norm_depthwise_grad.h"
#include "core/plan/kernel.h"

#define LINE_FLOATS 16

typedef struct backward {
    const fv_call *call;
    const fv_norm_depthwise_grad_options *options;
    fv_norm norm, next;
    int side, stride, taps;
    int e_rows, dz_rows;                             /* of the rings */
    int64_t pictures, in[2], out[2], channels, step; /* step: channels of a unit */
    const float *x, *z, *dy;
    float *dw;    /* shards' partial gradients of the weights, tap by tap */
    double *sums; /* and sums of the norm: two numbers a channel, one after the other */
    float *threads;
    bool streamed;
} backward;

/* A unit, and its thread's memory. */
typedef struct unit {
    const backward *b;
    int64_t first, count; /* channels */
    int64_t n;            /* picture */
    float *e, *dz, *de, *w, *dw, *zeros;
    double *sum, *product;
} unit;

/* ---- scratch ---- */

static int64_t lines(int64_t floats) { return fv_round_up(floats, LINE_FLOATS); }
static int64_t e_floats(const backward *b) { return lines(b->e_rows * b->in[1] * b->step) + LINE_FLOATS; }
static int64_t dz_floats(const backward *b) { return lines(b->dz_rows * b->out[1] * b->step) + LINE_FLOATS; }
static int64_t de_floats(const backward *b) { return lines(FV_DEPTHWISE_ROWS * b->in[1] * b->step) + LINE_FLOATS; }
static int64_t w_floats(const backward *b) { return lines(b->taps * b->step); }
static int64_t thread_floats(const backward *b) {
    return e_floats(b) + dz_floats(b) + de_floats(b) + 2 * w_floats(b) + lines(b->step) + LINE_FLOATS;
}
/* The four coefficients of both norms, and all partial sums. */
static int64_t shared_floats(const backward *b) {
    int64_t shards = b->call->shards * b->channels;
    return lines(4 * b->channels) + lines(4 * shards) + lines(shards * b->taps);
}

static backward backward_of(const fv_call *call) {
    const fv_norm_depthwise_grad_options *o = call->options;
    const int64_t *x = call->inputs[FV_DEPTHWISE_GRAD_X].type.dims, *z = call->inputs[FV_DEPTHWISE_GRAD_Z].type.dims;
    backward b = { .call = call,
                   .options = o,
                   .side = (int)call->inputs[FV_DEPTHWISE_GRAD_W].type.dims[1],
                   .stride = (int)o->stride[0],
                   .pictures = x[0],
                   .in = { x[1], x[2] },
                   .out = { z[1], z[2] },
                   .channels = x[3],
                   .x = call->inputs[FV_DEPTHWISE_GRAD_X].data,
                   .z = call->inputs[FV_DEPTHWISE_GRAD_Z].data,
                   .dy = call->inputs[FV_DEPTHWISE_GRAD_DY].data };
    b.taps = b.side * b.side;
    b.e_rows = fv_depthwise_inputs(b.side, b.stride);
    b.dz_rows = fv_depthwise_backward_inputs(b.side, b.stride) + 1; /* a pair that waits for its last row, and two new ones */
    int64_t blocks = fv_max(fv_ceil_div(b.channels, FV_DEPTHWISE_CHANNELS), 1);
    b.step = fv_max(lines(fv_ceil_div(b.channels, blocks)), LINE_FLOATS);
    b.streamed = fv_type_bytes(&call->outputs[0].type) >= FV_COST_CACHES && b.channels % LINE_FLOATS == 0 &&
                 (uintptr_t)call->outputs[0].data % 64 == 0;
    return b;
}

static int64_t scratch(const fv_call *call) {
    backward b = backward_of(call);
    return (shared_floats(&b) + call->threads * thread_floats(&b)) * (int64_t)sizeof(float);
}

/* ---- rows ---- */

/* Row h of e. */
static void make_e(const unit *u, int64_t h) {
    const backward *b = u->b;
    int64_t row = b->in[1];
    fv_norm_apply(&(fv_norm_rows){ .norm = &b->norm,
                                   .first = u->first,
                                   .channels = u->count,
                                   .rows = row,
                                   .x = b->x + (u->n * b->in[0] + h) * row * b->channels + u->first,
                                   .x_row = b->channels,
                                   .y = u->e + h % b->e_rows * row * u->count,
                                   .y_row = u->count });
}

/* Row p of dz. */
static void make_dz(const unit *u, int64_t p) {
    const backward *b = u->b;
    int64_t row = b->out[1], at = (u->n * b->out[0] + p) * row * b->channels + u->first;
    fv_norm_gradient(&(fv_norm_rows){ .norm = &b->next,
                                      .first = u->first,
                                      .channels = u->count,
                                      .rows = row,
                                      .x = b->z + at,
                                      .dy = b->dy + at,
                                      .x_row = b->channels,
                                      .dy_row = b->channels,
                                      .y = u->dz + p % b->dz_rows * row * u->count,
                                      .y_row = u->count });
}

/* Where row p of dz is; NULL: outside. */
static const float *dz_row(const unit *u, int64_t p) {
    const backward *b = u->b;
    return p >= 0 && p < b->out[0] ? u->dz + p % b->dz_rows * b->out[1] * u->count : NULL;
}

/* Two rows of pictures of `size` from this picture's row h on, as far as there are any: behind its last come the next one's. */
static fv_depthwise_ahead ahead(const unit *u, const float *pictures, const int64_t size[2], int64_t h) {
    const backward *b = u->b;
    int64_t first = u->n * size[0] + h, end = fv_min(first + FV_DEPTHWISE_ROWS, b->pictures * size[0]);
    return (fv_depthwise_ahead){ .from = pictures + first * size[1] * b->channels + u->first,
                                 .pixels = fv_max(end - first, 0) * size[1],
                                 .pixel = b->channels,
                                 .channels = u->count };
}

/* What rows p and p + 1 of dz add to the gradient of the weights. */
static void add_weights(const unit *u, int64_t p) {
    const backward *b = u->b;
    fv_depthwise_products r = { .side = b->side,
                                .stride = b->stride,
                                .channels = u->count,
                                .left = b->options->padding[1],
                                .in_width = b->in[1],
                                .out_width = b->out[1],
                                .zeros = u->zeros,
                                .sum = u->dw };
    int64_t top = p * b->stride - b->options->padding[0];
    for (int i = 0; i < b->e_rows; i++)
        if (top + i >= 0 && top + i < b->in[0]) r.in[i] = u->e + (top + i) % b->e_rows * b->in[1] * u->count;
    for (int i = 0; i < FV_DEPTHWISE_ROWS; i++) r.dy[i] = dz_row(u, p + i);
    r.ahead[0] = ahead(u, b->z, b->out, fv_min(p + FV_DEPTHWISE_ROWS, b->out[0]));
    r.ahead[1] = ahead(u, b->dy, b->out, fv_min(p + FV_DEPTHWISE_ROWS, b->out[0]));
    fv_depthwise_add_products(&r);
}

/* Rows h and h + 1 of de, those that are inside; x's rows from `next` on are asked for. */
static void make_de(const unit *u, int64_t h, int64_t next) {
    const backward *b = u->b;
    int64_t row = b->in[1], first = fv_depthwise_backward_first(b->side, b->stride, b->options->padding[0], h);
    fv_depthwise_rows r = { .side = b->side,
                            .stride = b->stride,
                            .backward = true,
                            .channels = u->count,
                            .left = b->options->padding[1],
                            .in_width = b->out[1],
                            .out_width = row,
                            .w = u->w,
                            .zeros = u->zeros,
                            .ahead = ahead(u, b->x, b->in, next) };
    for (int i = 0; i < fv_depthwise_backward_inputs(b->side, b->stride); i++) r.in[i] = dz_row(u, first + i);
    for (int64_t i = 0; i < FV_DEPTHWISE_ROWS; i++)
        if (h + i >= 0 && h + i < b->in[0]) r.out[i] = u->de + i * row * u->count;
    fv_depthwise_two_rows(&r);
    for (int64_t i = 0; i < FV_DEPTHWISE_ROWS; i++) {
        int64_t at = (u->n * b->in[0] + h + i) * row * b->channels + u->first;
        fv_norm_rows done = { .norm = &b->norm, .first = u->first, .channels = u->count, .rows = row };
        if (!r.out[i]) continue;
        done.x = b->x + at, done.x_row = b->channels;
        done.dy = r.out[i], done.dy_row = u->count;
        done.y = (float *)b->call->outputs[0].data + at, done.y_row = b->channels;
        fv_norm_sums(&done, b->streamed, u->sum, u->product);
    }
}

/* Rows of de are made as soon as all rows of dz are there that they read. */
static void run_picture(const unit *u) {
    const backward *b = u->b;
    int64_t h = fv_depthwise_backward_begin(b->stride, b->options->padding[0]), ready = 0;
    int inputs = fv_depthwise_backward_inputs(b->side, b->stride);
    for (int64_t p = 0; p < b->out[0]; p += FV_DEPTHWISE_ROWS) {
        int64_t end = fv_min(p + FV_DEPTHWISE_ROWS, b->out[0]), top = p * b->stride - b->options->padding[0];
        for (int64_t i = p; i < end; i++) make_dz(u, i);
        for (ready = fv_max(ready, top); ready < fv_min(top + b->e_rows, b->in[0]); ready++) make_e(u, ready);
        add_weights(u, p);
        for (int64_t next = ready; h < b->in[0]; h += FV_DEPTHWISE_ROWS, next += FV_DEPTHWISE_ROWS) {
            int64_t last = fv_depthwise_backward_first(b->side, b->stride, b->options->padding[0], h) + inputs - 1;
            if (last >= end && end < b->out[0]) break;
            make_de(u, h, next);
        }
    }
}

/* ---- units ---- */

static void set_memory(unit *u, int64_t shard, int thread) {
    const backward *b = u->b;
    u->e = b->threads + thread * thread_floats(b);
    u->dz = u->e + e_floats(b);
    u->de = u->dz + dz_floats(b);
    u->w = u->de + de_floats(b);
    u->dw = u->w + w_floats(b);
    u->zeros = u->dw + w_floats(b);
    u->sum = b->sums + shard * 2 * b->channels + u->first;
    u->product = u->sum + b->channels;
    const float *w = (const float *)b->call->inputs[FV_DEPTHWISE_GRAD_W].data + u->first * b->taps;
    for (int64_t c = 0; c < u->count; c++)
        for (int tap = 0; tap < b->taps; tap++) u->w[tap * u->count + c] = w[c * b->taps + tap];
    for (int64_t c = 0; c < u->count; c++) u->zeros[c] = 0, u->sum[c] = u->product[c] = 0;
    memset(u->dw, 0, (size_t)(b->taps * u->count) * sizeof *u->dw);
}

static void run_unit(void *context, int64_t index, int thread) {
    const backward *b = context;
    int64_t here = fv_shards_here(b->call), shard = fv_shards_first(b->call) + index % here;
    unit u = { .b = b, .first = index / here * b->step };
    u.count = fv_min(b->step, b->channels - u.first);
    set_memory(&u, shard, thread);
    int64_t end = fv_shard_row(b->call, b->pictures, shard + 1);
    for (u.n = fv_shard_row(b->call, b->pictures, shard); u.n < end; u.n++) run_picture(&u);
    float *to = b->dw + shard * b->taps * b->channels + u.first;
    for (int tap = 0; tap < b->taps; tap++) memcpy(to + tap * b->channels, u.dw + tap * u.count, (size_t)u.count * sizeof *to);
}

static void finish(const backward *b) {
    const fv_call *call = b->call;
    const float *scale = call->inputs[FV_DEPTHWISE_GRAD_SCALE].data, *inv_std = call->inputs[FV_DEPTHWISE_GRAD_INV_STD].data;
    float *dw = call->outputs[1].data, *dscale = call->outputs[2].data, *dbias = call->outputs[3].data;
    float *p = call->outputs[4].data, *q = call->outputs[5].data;
    fv_shards_join_f32(call, b->dw, b->taps * b->channels, b->taps * b->channels);
    fv_shards_join_f64(call, b->sums, 2 * b->channels, 2 * b->channels);
    double n = (double)fv_count_all(call, b->pictures * b->in[0] * b->in[1]);
    for (int64_t c = 0; c < b->channels; c++) {
        for (int tap = 0; tap < b->taps; tap++) dw[c * b->taps + tap] = b->dw[tap * b->channels + c];
        fv_norm_gradient_sums(scale[c], inv_std[c], n, b->sums[c], b->sums[b->channels + c], &dscale[c], &dbias[c], &p[c],
                              &q[c]);
    }
}

static fv_norm norm_at(const fv_call *call, int scale, int64_t channels, int activation, float *to) {
    const fv_tensor *in = call->inputs + scale; /* then bias, mean and inv_std */
    return fv_norm_of(in[0].data, in[1].data, in[2].data, in[3].data, channels, activation, to);
}

static void run(const fv_call *call) {
    backward b = backward_of(call);
    float *own = call->scratch;
    b.norm = norm_at(call, FV_DEPTHWISE_GRAD_SCALE, b.channels, b.options->activation, own);
    b.next = norm_at(call, FV_DEPTHWISE_GRAD_NEXT_SCALE, b.channels, b.options->next_activation, own + 2 * b.channels);
    b.next.p = call->inputs[FV_DEPTHWISE_GRAD_P].data;
    b.next.q = call->inputs[FV_DEPTHWISE_GRAD_Q].data;
    b.sums = (double *)(own + lines(4 * b.channels));
    b.dw = (float *)b.sums + lines(4 * call->shards * b.channels);
    b.threads = own + shared_floats(&b);
    fv_parallel_for(fv_shards_here(call) * fv_ceil_div(b.channels, b.step), run_unit, &b);
    finish(&b);
}

/* ---- what the planner asks ---- */

static const char *refuse(const fv_call *call) {
    const fv_norm_depthwise_grad_options *o = call->options;
    const int64_t *w = call->inputs[FV_DEPTHWISE_GRAD_W].type.dims;
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (w[1] != w[2] || (w[1] != 3 && w[1] != 5)) return FV_REFUSE_SHAPE;
    return o->stride[0] != o->stride[1] || o->stride[0] > 2 ? FV_REFUSE_OPTIONS : NULL;
}

static double cost(const fv_call *call) {
    fv_work work = fv_call_work(call);
    return FV_COST_CALL + fmax(work.bytes / FV_COST_BYTES, work.flops / (FV_COST_AVX2_FLOPS / 2));
}

const fv_kernel fv_kernel_norm_depthwise_grad_rows_f32_avx2 = {
    .name = "norm_depthwise_grad_rows_f32_avx2",
    .op = "norm_depthwise_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
