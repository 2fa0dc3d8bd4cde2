/* conv2d_depthwise.h - the loops of conv2d_depthwise_*.c, compiled once for each instruction set: depthwise convolution (a
 * filter of its own for each channel) and both gradients, f32 NHWC.
 *
 * A pixel of the result is a sum over few taps, each a pixel of the other picture times a row of weights: forward and the
 * gradient with respect to the input list those taps and run over the channels. The gradient with respect to the weights sums
 * each tap over the pixels of a shard, some channels at a time. */
#ifndef FV_CPU_CONV2D_DEPTHWISE_H
#define FV_CPU_CONV2D_DEPTHWISE_H

#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define LANES 8
#define TAPS_MAX 128
#define CHANNELS 32 /* of a unit of the gradient with respect to the weights */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

typedef struct convolution {
    const fv_conv2d_options *o;
    const int64_t *x, *y; /* dims of the wide and of the strided picture: x and y, or dx and dy */
    int64_t taps[2], channels;
    const float *from, *dy;
    const float *w;    /* packed: tap by tap, all channels of one side by side */
    const float *bias; /* or NULL */
    float *to;
    const fv_call *call;
} convolution;

/* ---- a pixel as a sum of taps ---- */

typedef struct tap_list {
    int count;
    const float *x[TAPS_MAX], *w[TAPS_MAX];
} tap_list;

static inline __attribute__((always_inline)) void add_lanes(const tap_list *list, int64_t c, int vectors, float *to) {
    lanes sum[4] = { { 0 } };
    for (int t = 0; t < list->count; t++)
        for (int v = 0; v < vectors; v++)
            sum[v] += *(const lanes *)(list->x[t] + c + v * LANES) * *(const lanes *)(list->w[t] + c + v * LANES);
    for (int v = 0; v < vectors; v++) *(lanes *)(to + c + v * LANES) = sum[v];
}

static void sum_taps(const tap_list *list, int64_t channels, const float *bias, float *to) {
    int64_t c = 0;
    for (; c + 4 * LANES <= channels; c += 4 * LANES) add_lanes(list, c, 4, to);
    for (; c + LANES <= channels; c += LANES) add_lanes(list, c, 1, to);
    for (; c < channels; c++) {
        float sum = 0;
        for (int t = 0; t < list->count; t++) sum += list->x[t][c] * list->w[t][c];
        to[c] = sum;
    }
    for (c = 0; c < channels && bias; c++) to[c] += bias[c];
}

/* Row p of picture n of y. */
static void forward_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const convolution *t = context;
    const fv_conv2d_options *o = t->o;
    int64_t n = unit / t->y[1], p = unit % t->y[1], C = t->channels;
    for (int64_t q = 0; q < t->y[2]; q++) {
        tap_list list = { 0 };
        for (int64_t r = 0; r < t->taps[0]; r++) {
            int64_t h = p * o->stride[0] - o->padding[0] + r * o->dilation[0];
            for (int64_t s = 0; s < t->taps[1] && h >= 0 && h < t->x[1]; s++) {
                int64_t w = q * o->stride[1] - o->padding[1] + s * o->dilation[1];
                if (w < 0 || w >= t->x[2]) continue;
                list.x[list.count] = t->from + ((n * t->x[1] + h) * t->x[2] + w) * C;
                list.w[list.count++] = t->w + (r * t->taps[1] + s) * C;
            }
        }
        float *to = t->to + (unit * t->y[2] + q) * C, low = fv_conv2d_low(o), high = fv_conv2d_high(o);
        sum_taps(&list, C, t->bias, to);
        for (int64_t c = 0; c < C && o->activation != FV_CONV2D_PLAIN; c++)
            to[c] = to[c] < low ? low : to[c] > high ? high : to[c];
    }
}

/* Where tap `r` of the filter meets input row `h`: the row of y, or −1. */
static int64_t meets(const fv_conv2d_options *o, int axis, int64_t h, int64_t r, int64_t size) {
    int64_t at = h + o->padding[axis] - r * o->dilation[axis];
    return at < 0 || at % o->stride[axis] || at / o->stride[axis] >= size ? -1 : at / o->stride[axis];
}

/* Row h of picture n of dx. */
static void input_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const convolution *t = context;
    int64_t n = unit / t->x[1], h = unit % t->x[1], C = t->channels;
    for (int64_t w = 0; w < t->x[2]; w++) {
        tap_list list = { 0 };
        for (int64_t r = 0; r < t->taps[0]; r++) {
            int64_t p = meets(t->o, 0, h, r, t->y[1]);
            for (int64_t s = 0; s < t->taps[1] && p >= 0; s++) {
                int64_t q = meets(t->o, 1, w, s, t->y[2]);
                if (q < 0) continue;
                list.x[list.count] = t->from + ((n * t->y[1] + p) * t->y[2] + q) * C;
                list.w[list.count++] = t->w + (r * t->taps[1] + s) * C;
            }
        }
        sum_taps(&list, C, NULL, t->to + (unit * t->x[2] + w) * C);
    }
}

/* ---- the gradient with respect to the weights ---- */

/* Output columns [begin, end) whose tap s lies inside the picture. */
static void inside(const convolution *t, int64_t s, int64_t *begin, int64_t *end) {
    int64_t shift = s * t->o->dilation[1] - t->o->padding[1], stride = t->o->stride[1];
    *begin = shift >= 0 ? 0 : fv_ceil_div(-shift, stride);
    *end = t->x[2] - 1 - shift < 0 ? 0 : fv_min((t->x[2] - 1 - shift) / stride + 1, t->y[2]);
}

/* sum[c] += Σ over `count` pixels of dy[c] · x[c], `channels` ≤ CHANNELS of them. */
static void add_products(const float *dy, const float *x, int64_t dy_step, int64_t x_step, int64_t count, int64_t channels,
                         float *sum) {
    if (channels == CHANNELS) {
        lanes total[CHANNELS / LANES] = { { 0 } };
        for (int64_t i = 0; i < count; i++, dy += dy_step, x += x_step)
            for (int v = 0; v < CHANNELS / LANES; v++)
                total[v] += *(const lanes *)(dy + v * LANES) * *(const lanes *)(x + v * LANES);
        for (int v = 0; v < CHANNELS / LANES; v++) *(lanes *)(sum + v * LANES) += total[v];
        return;
    }
    float total[CHANNELS] = { 0 };
    for (int64_t i = 0; i < count; i++, dy += dy_step, x += x_step)
        for (int64_t c = 0; c < channels; c++) total[c] += dy[c] * x[c];
    for (int64_t c = 0; c < channels; c++) sum[c] += total[c];
}

/* Some channels of one shard's partial gradient: tap by tap, all channels side by side. */
static void weights_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const convolution *t = context;
    int64_t C = t->channels, here = fv_shards_here(t->call), shard = fv_shards_first(t->call) + unit % here;
    int64_t c = unit / here * CHANNELS, count = fv_min(CHANNELS, C - c);
    float *sum = t->to + shard * t->taps[0] * t->taps[1] * C + c;
    for (int64_t i = 0; i < t->taps[0] * t->taps[1]; i++) memset(sum + i * C, 0, (size_t)count * sizeof *sum);
    int64_t begin = fv_shard_row(t->call, t->y[0], shard) * t->y[1], end = fv_shard_row(t->call, t->y[0], shard + 1) * t->y[1];
    for (int64_t row = begin; row < end; row++) {
        int64_t n = row / t->y[1], top = row % t->y[1] * t->o->stride[0] - t->o->padding[0];
        for (int64_t r = 0; r < t->taps[0]; r++) {
            int64_t h = top + r * t->o->dilation[0], first, last;
            for (int64_t s = 0; s < t->taps[1] && h >= 0 && h < t->x[1]; s++) {
                inside(t, s, &first, &last);
                int64_t w = first * t->o->stride[1] - t->o->padding[1] + s * t->o->dilation[1];
                if (last > first)
                    add_products(t->dy + (row * t->y[2] + first) * C + c, t->from + ((n * t->x[1] + h) * t->x[2] + w) * C + c,
                                 C, t->o->stride[1] * C, last - first, count, sum + (r * t->taps[1] + s) * C);
            }
        }
    }
}

/* ---- weights packed tap by tap ---- */

static void transpose(const float *from, int64_t rows, int64_t columns, float *to) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

static int64_t packed(const fv_call *call) { return fv_type_bytes(&call->inputs[1].type); }
static void pack(const fv_call *call) {
    const int64_t *w = call->inputs[1].type.dims;
    transpose(call->inputs[1].data, w[0], w[1] * w[2], call->packed);
}

/* ---- calls ---- */

static convolution convolution_of(const fv_call *call, const fv_type *x, const fv_type *w, const fv_type *y) {
    return (convolution){ .o = call->options,
                          .x = x->dims,
                          .y = y->dims,
                          .taps = { w->dims[1], w->dims[2] },
                          .channels = w->dims[0],
                          .w = call->packed,
                          .from = call->inputs[0].data,
                          .to = call->outputs[0].data,
                          .call = call };
}

static void run(const fv_call *call) {
    convolution t = convolution_of(call, &call->inputs[0].type, &call->inputs[1].type, &call->outputs[0].type);
    if (call->input_count > 2) t.bias = call->inputs[2].data;
    fv_parallel_for(t.y[0] * t.y[1], forward_unit, &t);
}

static void run_input(const fv_call *call) {
    convolution t = convolution_of(call, &call->outputs[0].type, &call->inputs[1].type, &call->inputs[0].type);
    fv_parallel_for(t.x[0] * t.x[1], input_unit, &t);
}

static void run_weights(const fv_call *call) {
    convolution t = convolution_of(call, &call->inputs[0].type, &call->outputs[0].type, &call->inputs[1].type);
    int64_t taps = t.taps[0] * t.taps[1];
    t.dy = call->inputs[1].data;
    t.to = call->scratch;
    fv_parallel_for(fv_shards_here(call) * fv_ceil_div(t.channels, CHANNELS), weights_unit, &t);
    fv_shards_join_f32(call, t.to, taps * t.channels, taps * t.channels);
    transpose(t.to, taps, t.channels, call->outputs[0].data);
}

static int64_t weights_scratch(const fv_call *call) { return call->shards * fv_type_bytes(&call->outputs[0].type); }

/* One filter a channel, and not more taps than the list holds. */
static const char *refuse_filter(const fv_call *call, const fv_type *w) {
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (w->dims[3] != 1 || ((const fv_conv2d_options *)call->options)->groups != w->dims[0]) return FV_REFUSE_GROUPS;
    return w->dims[1] * w->dims[2] > TAPS_MAX ? FV_REFUSE_SHAPE : NULL;
}
static const char *refuse(const fv_call *call) { return refuse_filter(call, &call->inputs[1].type); }
static const char *refuse_weights(const fv_call *call) { return refuse_filter(call, &call->outputs[0].type); }

static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
