/* conv2d_depthwise_tiles.h - the loops of conv2d_depthwise_tiles_*.c, compiled once for each instruction set: depthwise
 * convolution by 3×3 and 5×5 filters with stride 1 or 2, and both gradients, f32 NHWC.
 *
 * A tile is 2×4 pixels of the result. Its input pixels are loaded once for a vector of channels and meet all taps and results
 * that they belong to; channels go by innermost, as they lie in memory. What lies outside the picture is a line of zeros. Which
 * tap joins an input and a result of a tile is known when this is compiled: all loops over a tile are unrolled. */
#ifndef FV_CPU_CONV2D_DEPTHWISE_TILES_H
#define FV_CPU_CONV2D_DEPTHWISE_TILES_H

#include <string.h>

#include "core/base/assert.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/depthwise_rows.h"
#include "core/cpu/lanes.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define INLINE static inline __attribute__((always_inline))
#define DOWN 2
#define ACROSS 4
#define SIDE_MAX 5
#define INPUTS_MAX (((DOWN - 1) * 2 + SIDE_MAX) * ((ACROSS - 1) * 2 + SIDE_MAX))
#define CHANNELS FV_DEPTHWISE_CHANNELS /* of a unit of the gradient with respect to the weights */

/* ---- which tap joins result `o` and input `i` of a tile, along one axis; outside of the filter: none ---- */

typedef enum way { FORWARD, BACKWARD } way; /* BACKWARD: results are pixels of dx, inputs of dy */

INLINE int tap_of(way way, int side, int stride, int o, int i) {
    if (way == FORWARD) return i - o * stride;
    return stride == 1 ? o + side - 1 - i : o - 2 * (i - (side - 1) / 2);
}

INLINE int inputs_of(way way, int side, int stride, int results) {
    if (way == FORWARD) return (results - 1) * stride + side;
    return stride == 1 ? results + side - 1 : (results + 1) / 2 + (side - 1) / 2;
}

/* The first input of the tile that begins with result `o`, padded by `padding`. BACKWARD by 2, o + padding is even. */
static int64_t first_input(way way, int side, int64_t stride, int64_t padding, int64_t o) {
    if (way == FORWARD) return o * stride - padding;
    return stride == 1 ? o + padding - (side - 1) : (o + padding) / 2 - (side - 1) / 2;
}

/* ---- a convolution ---- */

typedef struct convolution {
    const fv_call *call;
    way way;
    int side;
    int64_t stride, padding[2], channels, pictures;
    int64_t in_size[2], out_size[2]; /* heights and widths; of dy (the tiles) and x in the gradient of the weights */
    int64_t tiles[2], begin[2];      /* how many, and the result that the first begins with: 0 or −1 */
    const float *in, *w, *bias;      /* w: packed tap by tap, the channels of one side by side; bias or NULL */
    int64_t tap;                     /* floats of w from tap to tap */
    float *out;
    const float *dy;
    const float *zeros; /* a line of channels */
    bool streamed;      /* results are written past the caches */
    bool limited;       /* and kept between low and high */
    float low, high;
} convolution;

typedef struct tile {
    const float *in[INPUTS_MAX];
    float *out[DOWN * ACROSS]; /* NULL: outside */
} tile;

static const float *pixel(const float *pictures, const int64_t size[2], int64_t channels, int64_t n, int64_t h, int64_t w,
                          const float *outside) {
    if (h < 0 || h >= size[0] || w < 0 || w >= size[1]) return outside;
    return pictures + ((n * size[0] + h) * size[1] + w) * channels;
}

/* Where the inputs of the tile that begins with result (h, w) of picture n are. */
static void find_inputs(const convolution *t, int64_t n, int64_t h, int64_t w, int rows, int columns, const float **in) {
    int64_t top = first_input(t->way, t->side, t->stride, t->padding[0], h);
    int64_t left = first_input(t->way, t->side, t->stride, t->padding[1], w);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            in[i * columns + j] = pixel(t->in, t->in_size, t->channels, n, top + i, left + j, t->zeros);
}

/* ---- results: one vector of channels of a tile. All but c and count are constants wherever this is inlined ---- */

INLINE void sum_taps(const convolution *t, way way, int side, int stride, const tile *tile, bool whole, int64_t c,
                     int64_t count) {
    int rows = inputs_of(way, side, stride, DOWN), columns = inputs_of(way, side, stride, ACROSS);
    lanes sum[DOWN][ACROSS], bias = t->bias ? load_tail(t->bias + c, count) : all(0);
#pragma GCC unroll 2
    for (int o = 0; o < DOWN; o++)
#pragma GCC unroll 4
        for (int q = 0; q < ACROSS; q++) sum[o][q] = bias;
#pragma GCC unroll 7
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 11
        for (int j = 0; j < columns; j++) {
            const float *at = tile->in[i * columns + j] + c;
            lanes x = whole ? load(at) : load_tail(at, count);
#pragma GCC unroll 2
            for (int o = 0; o < DOWN; o++)
#pragma GCC unroll 4
                for (int q = 0; q < ACROSS; q++) {
                    int r = tap_of(way, side, stride, o, i), s = tap_of(way, side, stride, q, j);
                    if (r < 0 || r >= side || s < 0 || s >= side) continue;
                    const float *w = t->w + (r * side + s) * t->tap + c;
                    sum[o][q] = multiply_add(x, whole ? load(w) : load_tail(w, count), sum[o][q]);
                }
        }
#pragma GCC unroll 2
    for (int o = 0; o < DOWN; o++)
#pragma GCC unroll 4
        for (int q = 0; q < ACROSS; q++) {
            float *to = tile->out[o * ACROSS + q];
            lanes value = t->limited ? at_most(at_least(sum[o][q], t->low), t->high) : sum[o][q];
            if (!to) continue;
            if (whole && t->streamed)
                stream(to + c, value);
            else
                store_tail(to + c, value, count);
        }
}

#define DEFINE_SUMS(name, way, side, stride)                                                                                   \
    static void name(const convolution *t, const tile *tile) {                                                                 \
        int64_t c = 0;                                                                                                         \
        for (; c + LANES <= t->channels; c += LANES) sum_taps(t, way, side, stride, tile, true, c, LANES);                     \
        if (c < t->channels) sum_taps(t, way, side, stride, tile, false, c, t->channels - c);                                  \
    }
DEFINE_SUMS(forward_3_1, FORWARD, 3, 1)
DEFINE_SUMS(forward_3_2, FORWARD, 3, 2)
DEFINE_SUMS(forward_5_1, FORWARD, 5, 1)
DEFINE_SUMS(forward_5_2, FORWARD, 5, 2)
DEFINE_SUMS(backward_3_1, BACKWARD, 3, 1)
DEFINE_SUMS(backward_3_2, BACKWARD, 3, 2)
DEFINE_SUMS(backward_5_1, BACKWARD, 5, 1)
DEFINE_SUMS(backward_5_2, BACKWARD, 5, 2)

typedef void (*tile_sums)(const convolution *t, const tile *tile);
static const tile_sums sums[2][2][2] = { { { forward_3_1, forward_3_2 }, { forward_5_1, forward_5_2 } },
                                         { { backward_3_1, backward_3_2 }, { backward_5_1, backward_5_2 } } };

/* A row of tiles. */
static void row_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const convolution *t = context;
    int64_t n = unit / t->tiles[0], h = unit % t->tiles[0] * DOWN + t->begin[0];
    int rows = inputs_of(t->way, t->side, (int)t->stride, DOWN), columns = inputs_of(t->way, t->side, (int)t->stride, ACROSS);
    tile_sums sum = sums[t->way][t->side == SIDE_MAX][t->stride == 2];
    for (int64_t i = 0; i < t->tiles[1]; i++) {
        tile tile;
        int64_t w = i * ACROSS + t->begin[1];
        find_inputs(t, n, h, w, rows, columns, tile.in);
        for (int o = 0; o < DOWN; o++)
            for (int q = 0; q < ACROSS; q++)
                tile.out[o * ACROSS + q] = (float *)pixel(t->out, t->out_size, t->channels, n, h + o, w + q, NULL);
        sum(t, &tile);
    }
    if (t->streamed) stream_end();
}

/* ---- rows that lie anywhere (depthwise_rows.h) ---- */

/* The pixels in columns left … left + columns − 1 of some rows. */
static void find_pixels(const float *const *in, int rows, int columns, int64_t left, int64_t width, int64_t pixel,
                        const float *zeros, const float **pixels) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            bool inside = in[i] && left + j >= 0 && left + j < width;
            pixels[i * columns + j] = inside ? in[i] + (left + j) * pixel : zeros;
        }
}

/* The share of tile `tile` of `tiles`. Inlined: calls of a function that does nothing else are left out as without effect. */
INLINE void ask(const fv_depthwise_ahead *a, int64_t tile, int64_t tiles) {
    if (!a->pixels) return;
    for (int64_t i = a->pixels * tile / tiles; i < a->pixels * (tile + 1) / tiles; i++)
        for (int64_t c = 0; c < a->channels; c += 64 / (int64_t)sizeof(float))
            __builtin_prefetch(a->from + i * a->pixel + c, 0, 2);
}

static void two_rows(const fv_depthwise_rows *r) {
    way way = r->backward ? BACKWARD : FORWARD;
    convolution t = { .channels = r->channels, .w = r->w, .bias = r->bias, .streamed = r->streamed };
    int64_t in_pixel = r->in_pixel ? r->in_pixel : r->channels, out_pixel = r->out_pixel ? r->out_pixel : r->channels;
    t.tap = r->tap ? r->tap : r->channels;
    t.limited = r->limited, t.low = r->low, t.high = r->high;
    int rows = inputs_of(way, r->side, r->stride, DOWN), columns = inputs_of(way, r->side, r->stride, ACROSS);
    tile_sums sum = sums[way][r->side == SIDE_MAX][r->stride == 2];
    int64_t begin = r->backward ? fv_depthwise_backward_begin(r->stride, r->left) : 0;
    for (int64_t q = begin; q < r->out_width; q += ACROSS) {
        tile tile;
        ask(&r->ahead, (q - begin) / ACROSS, fv_ceil_div(r->out_width - begin, ACROSS));
        int64_t left = first_input(way, r->side, r->stride, r->left, q);
        find_pixels(r->in, rows, columns, left, r->in_width, in_pixel, r->zeros, tile.in);
        for (int o = 0; o < DOWN; o++)
            for (int64_t i = 0; i < ACROSS; i++) {
                bool inside = r->out[o] && q + i >= 0 && q + i < r->out_width;
                tile.out[o * ACROSS + i] = inside ? r->out[o] + (q + i) * out_pixel : NULL;
            }
        sum(&t, &tile);
    }
    if (r->streamed) stream_end();
}

/* ---- the gradient with respect to the weights: tiles of dy meet the same inputs as in the forward pass ---- */

INLINE void add_products(int side, int stride, const float *const *x, const float *const *dy, bool whole, int64_t c,
                         int64_t count, float *total, int64_t row) {
    int rows = inputs_of(FORWARD, side, stride, DOWN), columns = inputs_of(FORWARD, side, stride, ACROSS);
    lanes sum[SIDE_MAX][SIDE_MAX], d[DOWN][ACROSS];
#pragma GCC unroll 5
    for (int r = 0; r < side; r++)
#pragma GCC unroll 5
        for (int s = 0; s < side; s++) sum[r][s] = load(total + (r * side + s) * row);
#pragma GCC unroll 2
    for (int o = 0; o < DOWN; o++)
#pragma GCC unroll 4
        for (int q = 0; q < ACROSS; q++)
            d[o][q] = whole ? load(dy[o * ACROSS + q] + c) : load_tail(dy[o * ACROSS + q] + c, count);
#pragma GCC unroll 7
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 11
        for (int j = 0; j < columns; j++) {
            lanes at = whole ? load(x[i * columns + j] + c) : load_tail(x[i * columns + j] + c, count);
#pragma GCC unroll 2
            for (int o = 0; o < DOWN; o++)
#pragma GCC unroll 4
                for (int q = 0; q < ACROSS; q++) {
                    int r = tap_of(FORWARD, side, stride, o, i), s = tap_of(FORWARD, side, stride, q, j);
                    if (r >= 0 && r < side && s >= 0 && s < side) sum[r][s] = multiply_add(at, d[o][q], sum[r][s]);
                }
        }
#pragma GCC unroll 5
    for (int r = 0; r < side; r++)
#pragma GCC unroll 5
        for (int s = 0; s < side; s++) store(total + (r * side + s) * row, sum[r][s]);
}

/* Channels [first, first + channels) of a tile; total: tap by tap, CHANNELS numbers each. */
#define DEFINE_PRODUCTS(name, side, stride)                                                                                    \
    static void name(const float *const *x, const float *const *dy, int64_t first, int64_t channels, float *total) {           \
        int64_t c = 0;                                                                                                         \
        for (; c + LANES <= channels; c += LANES)                                                                              \
            add_products(side, stride, x, dy, true, first + c, LANES, total + c, CHANNELS);                                    \
        if (c < channels) add_products(side, stride, x, dy, false, first + c, channels - c, total + c, CHANNELS);              \
    }
DEFINE_PRODUCTS(products_3_1, 3, 1)
DEFINE_PRODUCTS(products_3_2, 3, 2)
DEFINE_PRODUCTS(products_5_1, 5, 1)
DEFINE_PRODUCTS(products_5_2, 5, 2)

typedef void (*tile_products)(const float *const *, const float *const *, int64_t, int64_t, float *);
static const tile_products products[2][2] = { { products_3_1, products_3_2 }, { products_5_1, products_5_2 } };

/* One row of tiles of picture n: channels [first, first + count) of its share, added to sum, whose taps are t->channels apart.
 */
static void add_row(const convolution *t, int64_t n, int64_t h, int64_t first, int64_t count, float *sum) {
    int rows = inputs_of(FORWARD, t->side, (int)t->stride, DOWN), taps = t->side * t->side;
    int columns = inputs_of(FORWARD, t->side, (int)t->stride, ACROSS);
    float total[SIDE_MAX * SIDE_MAX * CHANNELS];
    memset(total, 0, (size_t)(taps * CHANNELS) * sizeof *total);
    for (int64_t i = 0; i < t->tiles[1]; i++) {
        const float *in[INPUTS_MAX], *dy[DOWN * ACROSS];
        find_inputs(t, n, h, i * ACROSS, rows, columns, in);
        for (int o = 0; o < DOWN; o++)
            for (int q = 0; q < ACROSS; q++)
                dy[o * ACROSS + q] = pixel(t->dy, t->out_size, t->channels, n, h + o, i * ACROSS + q, t->zeros);
        products[t->side == SIDE_MAX][t->stride == 2](in, dy, first, count, total);
    }
    for (int tap = 0; tap < taps; tap++)
        for (int64_t c = 0; c < count; c++) sum[tap * t->channels + c] += total[tap * CHANNELS + c];
}

/* Two rows of dy that lie anywhere (depthwise_rows.h): the same sums as add_row's. */
static void add_two_rows(const fv_depthwise_products *r) {
    int rows = inputs_of(FORWARD, r->side, r->stride, DOWN), taps = r->side * r->side;
    int columns = inputs_of(FORWARD, r->side, r->stride, ACROSS);
    float total[SIDE_MAX * SIDE_MAX * CHANNELS];
    memset(total, 0, (size_t)(taps * CHANNELS) * sizeof *total);
    for (int64_t q = 0; q < r->out_width; q += ACROSS) {
        const float *in[INPUTS_MAX], *dy[DOWN * ACROSS];
        for (int i = 0; i < FV_COUNT(r->ahead); i++) ask(&r->ahead[i], q / ACROSS, fv_ceil_div(r->out_width, ACROSS));
        find_pixels(r->in, rows, columns, q * r->stride - r->left, r->in_width, r->channels, r->zeros, in);
        find_pixels(r->dy, DOWN, ACROSS, q, r->out_width, r->channels, r->zeros, dy);
        products[r->side == SIDE_MAX][r->stride == 2](in, dy, 0, r->channels, total);
    }
    for (int tap = 0; tap < taps; tap++)
        for (int64_t c = 0; c < r->channels; c++) r->sum[tap * r->channels + c] += total[tap * CHANNELS + c];
}

/* Some channels of one shard's partial gradient: tap by tap, all channels side by side. */
static void weights_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const convolution *t = context;
    int64_t here = fv_shards_here(t->call), shard = fv_shards_first(t->call) + unit % here, taps = t->side * t->side;
    int64_t first = unit / here * CHANNELS, count = fv_min(CHANNELS, t->channels - first);
    float *sum = t->out + shard * taps * t->channels + first;
    for (int64_t i = 0; i < taps; i++) memset(sum + i * t->channels, 0, (size_t)count * sizeof *sum);
    int64_t end = fv_shard_row(t->call, t->pictures, shard + 1);
    for (int64_t n = fv_shard_row(t->call, t->pictures, shard); n < end; n++)
        for (int64_t i = 0; i < t->tiles[0]; i++) add_row(t, n, i * DOWN, first, count, sum);
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

static int64_t zeros_floats(int64_t channels) { return fv_round_up(channels, LANES); }

static convolution convolution_of(const fv_call *call, way way, const fv_type *in, const fv_type *w, const fv_type *out) {
    const fv_conv2d_options *o = call->options;
    convolution t = { .call = call,
                      .way = way,
                      .side = (int)w->dims[1],
                      .stride = o->stride[0],
                      .padding = { o->padding[0], o->padding[1] },
                      .channels = w->dims[0],
                      .tap = w->dims[0],
                      .pictures = in->dims[0],
                      .in_size = { in->dims[1], in->dims[2] },
                      .out_size = { out->dims[1], out->dims[2] },
                      .in = call->inputs[0].data,
                      .w = call->packed,
                      .out = call->outputs[0].data };
    for (int axis = 0; axis < 2; axis++) {
        t.begin[axis] = way == BACKWARD && t.stride == 2 ? -(t.padding[axis] % 2) : 0;
        t.tiles[axis] = fv_ceil_div(t.out_size[axis] - t.begin[axis], axis ? ACROSS : DOWN);
    }
    memset(call->scratch, 0, (size_t)zeros_floats(t.channels) * sizeof(float));
    t.zeros = call->scratch;
    t.streamed = fv_type_bytes(out) >= FV_COST_CACHES && t.channels % 16 == 0 && (uintptr_t)t.out % 64 == 0;
    return t;
}

static int64_t scratch(const fv_call *call) { return zeros_floats(call->inputs[1].type.dims[0]) * (int64_t)sizeof(float); }

static void run(const fv_call *call) {
    convolution t = convolution_of(call, FORWARD, &call->inputs[0].type, &call->inputs[1].type, &call->outputs[0].type);
    const fv_conv2d_options *o = call->options;
    if (call->input_count > 2) t.bias = call->inputs[2].data;
    t.limited = o->activation != FV_CONV2D_PLAIN;
    t.low = fv_conv2d_low(o), t.high = fv_conv2d_high(o);
    fv_parallel_for(t.pictures * t.tiles[0], row_unit, &t);
}

static void run_input(const fv_call *call) {
    convolution t = convolution_of(call, BACKWARD, &call->inputs[0].type, &call->inputs[1].type, &call->outputs[0].type);
    fv_parallel_for(t.pictures * t.tiles[0], row_unit, &t);
}

static int64_t weights_scratch(const fv_call *call) {
    const fv_type *dw = &call->outputs[0].type;
    return zeros_floats(dw->dims[0]) * (int64_t)sizeof(float) + call->shards * fv_type_bytes(dw);
}

static void run_weights(const fv_call *call) {
    convolution t = convolution_of(call, FORWARD, &call->inputs[0].type, &call->outputs[0].type, &call->inputs[1].type);
    int64_t taps = t.side * t.side;
    t.dy = call->inputs[1].data;
    t.out = (float *)call->scratch + zeros_floats(t.channels);
    fv_parallel_for(fv_shards_here(call) * fv_ceil_div(t.channels, CHANNELS), weights_unit, &t);
    fv_shards_join_f32(call, t.out, taps * t.channels, taps * t.channels);
    transpose(t.out, taps, t.channels, call->outputs[0].data);
}

/* ---- what the planner asks ---- */

static const char *refuse_filter(const fv_call *call, const fv_type *w) {
    const fv_conv2d_options *o = call->options;
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (w->dims[3] != 1 || o->groups != w->dims[0]) return FV_REFUSE_GROUPS;
    if (o->dilation[0] != 1 || o->dilation[1] != 1) return FV_REFUSE_DILATION;
    if (w->dims[1] != w->dims[2] || (w->dims[1] != 3 && w->dims[1] != SIDE_MAX)) return FV_REFUSE_SHAPE;
    return o->stride[0] != o->stride[1] || o->stride[0] > 2 ? FV_REFUSE_OPTIONS : NULL;
}
static const char *refuse(const fv_call *call) { return refuse_filter(call, &call->inputs[1].type); }
static const char *refuse_weights(const fv_call *call) { return refuse_filter(call, &call->outputs[0].type); }

/* Memory, or sums that half of the time wait for their operands. */
static double cost(const fv_call *call) {
    fv_work work = fv_call_work(call);
    return FV_COST_CALL + fmax(work.bytes / FV_COST_BYTES, work.flops / (FV_COST_AVX2_FLOPS / 2)) * (LANES == 16 ? 0.9 : 0.95);
}

#endif
