/* batch_norm_rows.h - the loops of batch_norm_rows_*.c, compiled once for each instruction set. x is rows of channels, f32.
 *
 * Sums of 16 rows run in f32, those of such runs in f64, where Σx² − (Σx)²/n loses nothing: a partial for each shard of the
 * batch, joined by the fixed tree. What is squared is x less the channel's first value in the shard, so that a run loses no
 * more than the data's own rounding where the mean is far from zero. What is then done to each element is one multiply-add a
 * channel:
 *
 *   y  = x · a + b          a = scale · inv_std   b = bias − mean · a
 *   dx = dy · a + (x − mean) · p + q     p = −a · inv_std · dscale / n   q = −a · dbias / n
 *
 * With an activation the gradient computes y again, by the same operations on the same numbers, to see where it has a slope: y
 * itself is not read. */
#ifndef FV_CPU_BATCH_NORM_ROWS_H
#define FV_CPU_BATCH_NORM_ROWS_H

#include <math.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/norm_lanes.h"
#include "core/cpu/norm_rows.h"
#include "core/ops/batch_norm.h"
#include "core/plan/kernel.h"

#define UNIT_BYTES ((int64_t)1 << 16) /* of x, in one unit of the second pass */

static int64_t channels_of(const fv_call *call) { return call->inputs[0].type.dims[call->inputs[0].type.rank - 1]; }
static int64_t rows_of(const fv_call *call) {
    int64_t rows = 1;
    for (int d = 0; d < call->inputs[0].type.rank - 1; d++) rows *= call->inputs[0].type.dims[d];
    return rows;
}

static int64_t unit_rows(int64_t channels) { return fv_max(UNIT_BYTES / (fv_max(channels, 1) * (int64_t)sizeof(float)), 1); }

/* ---- activations: `activation` is a constant wherever these are inlined ---- */

static inline __attribute__((always_inline)) float activate(int activation, float y) {
    if (activation == FV_NORM_PLAIN) return y;
    y = y < 0 ? 0 : y;
    return activation == FV_NORM_RELU6 && y > 6 ? 6 : y;
}

/* dy where y = x · a + b has a slope, else 0. */
static inline __attribute__((always_inline)) float slope(int activation, float dy, float x, float a, float b) {
    if (activation == FV_NORM_PLAIN) return dy;
    float y = x * a + b;
    bool flat = y <= 0;
    if (activation == FV_NORM_RELU6) flat |= y >= 6;
    return flat ? 0 : dy;
}

/* ---- sums: two a channel, one after the other ---- */

typedef struct sums {
    const float *x, *dy, *mean; /* dy, mean: NULL in the forward pass */
    const float *a, *b;         /* of y, for an activation's slope */
    int activation;
    int64_t pictures, rows, channels; /* rows of a picture */
    const fv_call *call;
    double *partials; /* shards × 2 × channels */
} sums;

INLINE void add_some(norm_sums *s, bool whole, int64_t at, const float *x, const float *shift, int64_t count) {
    lanes d = load_some(whole, x, count) - load_some(whole, shift, count);
    add_lanes(s, at, d, d * d);
}

/* sum += x − shift, square += (x − shift)² over a run of rows. */
static void add_run(int64_t rows, const float *x, const float *shift, int64_t channels, double *sum, double *square) {
    for (int64_t first = 0, count; first < channels; first += count) {
        norm_sums s;
        count = fv_min(NORM_CHANNELS, channels - first);
        clear_sums(&s, count);
        for (int64_t row = 0, c; row < rows; row++) {
            const float *at = x + row * channels + first;
            for (c = 0; c + LANES <= count; c += LANES) {
                __builtin_prefetch(at + c + NORM_AHEAD);
                add_some(&s, true, c, at + c, shift + first + c, LANES);
            }
            if (c < count) add_some(&s, false, c, at + c, shift + first + c, count - c);
        }
        add_sums(&s, count, sum + first, square + first);
    }
}

/* Σx and Σx² of a shard's rows, in f64 from those of x − shift. */
static void add_rows(const float *x, int64_t rows, int64_t channels, double *restrict sum, double *restrict square) {
    const float *shift = x;
    for (int64_t row = 0; row < rows; row += NORM_RUN)
        add_run(fv_min(NORM_RUN, rows - row), x + row * channels, shift, channels, sum, square);
    for (int64_t c = 0; c < channels && rows > 0; c++) {
        fv_norm_moments s = fv_norm_unshift(shift[c], (double)rows, sum[c], square[c]);
        sum[c] = s.sum, square[c] = s.squares;
    }
}

/* Channels from c on of a run's sums, from x and dy at `at`: dy where the activation has a slope, and that · (x − mean). */
INLINE void add_gradient_some(norm_sums *to, const sums *s, int activation, bool whole, int64_t c, int64_t at, int64_t channel,
                              int64_t count) {
    lanes x = load_some(whole, s->x + at, count), d = load_some(whole, s->dy + at, count);
    if (activation)
        d = slope_lanes(activation, d, x * load_some(whole, s->a + channel, count) + load_some(whole, s->b + channel, count));
    add_lanes(to, c, d, d * (x - load_some(whole, s->mean + channel, count)));
}

INLINE void add_gradient_run(const sums *s, int activation, int64_t first_row, int64_t rows, double *sum, double *product) {
    for (int64_t first = 0, count; first < s->channels; first += count) {
        norm_sums to;
        count = fv_min(NORM_CHANNELS, s->channels - first);
        clear_sums(&to, count);
        for (int64_t row = 0, c; row < rows; row++) {
            int64_t at = (first_row + row) * s->channels + first;
            for (c = 0; c + LANES <= count; c += LANES) {
                __builtin_prefetch(s->x + at + c + NORM_AHEAD);
                __builtin_prefetch(s->dy + at + c + NORM_AHEAD);
                add_gradient_some(&to, s, activation, true, c, at + c, first + c, LANES);
            }
            if (c < count) add_gradient_some(&to, s, activation, false, c, at + c, first + c, count - c);
        }
        add_sums(&to, count, sum + first, product + first);
    }
}

INLINE void add_gradient(const sums *s, int activation, int64_t first, int64_t rows, double *sum, double *product) {
    for (int64_t row = 0; row < rows; row += NORM_RUN)
        add_gradient_run(s, activation, first + row, fv_min(NORM_RUN, rows - row), sum, product);
}

static void add_gradient_rows(const sums *s, int64_t first, int64_t rows, double *sum, double *product) {
    if (s->activation == FV_NORM_RELU)
        add_gradient(s, FV_NORM_RELU, first, rows, sum, product);
    else if (s->activation == FV_NORM_RELU6)
        add_gradient(s, FV_NORM_RELU6, first, rows, sum, product);
    else
        add_gradient(s, FV_NORM_PLAIN, first, rows, sum, product);
}

static void sum_shard(void *context, int64_t unit, int thread) {
    (void)thread;
    const sums *s = context;
    int64_t shard = fv_shards_first(s->call) + unit;
    int64_t begin = fv_shard_row(s->call, s->pictures, shard) * s->rows;
    int64_t end = fv_shard_row(s->call, s->pictures, shard + 1) * s->rows;
    double *partial = s->partials + shard * 2 * s->channels;
    memset(partial, 0, (size_t)s->channels * 2 * sizeof *partial);
    if (s->dy)
        add_gradient_rows(s, begin, end - begin, partial, partial + s->channels);
    else
        add_rows(s->x + begin * s->channels, end - begin, s->channels, partial, partial + s->channels);
}

/* ---- then each element ---- */

typedef struct apply {
    const float *x, *dy, *mean;
    float *y;
    int64_t rows, channels;
    float *a, *b, *p, *y_b; /* one a channel; b is q in the gradient, y_b then the b of y */
    int activation;
} apply;

/* Coefficients lie behind the sums. */
static apply apply_of(const fv_call *call, int64_t doubles) {
    apply t = { .x = call->inputs[0].data, .y = call->outputs[0].data, .rows = rows_of(call), .channels = channels_of(call) };
    t.a = (float *)((double *)call->scratch + doubles);
    t.b = t.a + t.channels;
    t.p = t.b + t.channels;
    t.y_b = t.p + t.channels;
    return t;
}

static inline __attribute__((always_inline)) void scale_rows(const apply *t, int activation, int64_t first, int64_t rows) {
    int64_t C = t->channels;
    const float *x = t->x + first * C, *restrict a = t->a, *restrict b = t->b;
    float *y = t->y + first * C;
    for (int64_t row = 0; row < rows; row++, x += C, y += C)
        for (int64_t c = 0; c < C; c++) y[c] = activate(activation, x[c] * a[c] + b[c]);
}

/* The same numbers, written past the caches. */
static inline __attribute__((always_inline)) void stream_rows(const apply *t, int activation, int64_t first, int64_t rows) {
    int64_t C = t->channels;
    const float *x = t->x + first * C;
    float *y = t->y + first * C;
    for (int64_t row = 0; row < rows; row++, x += C, y += C)
        for (int64_t c = 0; c < C; c += LANES) {
            lanes value = load(x + c) * load(t->a + c) + load(t->b + c);
            if (activation != FV_NORM_PLAIN) value = at_least(value, 0);
            if (activation == FV_NORM_RELU6) value = at_most(value, 6);
            stream(y + c, value);
        }
    stream_end();
}

/* Too much to be in a cache when it is read, in whole cache lines. */
static bool is_streamed(const apply *t) {
    return t->rows * t->channels * (int64_t)sizeof(float) >= FV_COST_CACHES && t->y != t->x && t->y != t->dy &&
           t->channels % 16 == 0 && (uintptr_t)t->y % 64 == 0;
}

static inline __attribute__((always_inline)) void scale_any(const apply *t, int activation, int64_t first, int64_t rows) {
    if (is_streamed(t))
        stream_rows(t, activation, first, rows);
    else
        scale_rows(t, activation, first, rows);
}

static void scale_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const apply *t = context;
    int64_t first = unit * unit_rows(t->channels), rows = fv_min(unit_rows(t->channels), t->rows - first);
    if (t->activation == FV_NORM_RELU)
        scale_any(t, FV_NORM_RELU, first, rows);
    else if (t->activation == FV_NORM_RELU6)
        scale_any(t, FV_NORM_RELU6, first, rows);
    else
        scale_any(t, FV_NORM_PLAIN, first, rows);
}

static inline __attribute__((always_inline)) void gradient_rows(const apply *t, int activation, int64_t first, int64_t rows) {
    int64_t C = t->channels;
    const float *x = t->x + first * C, *dy = t->dy + first * C, *restrict a = t->a, *restrict q = t->b, *restrict p = t->p;
    const float *restrict mean = t->mean, *restrict b = t->y_b;
    float *dx = t->y + first * C;
    for (int64_t row = 0; row < rows; row++, x += C, dy += C, dx += C)
        for (int64_t c = 0; c < C; c++)
            dx[c] = slope(activation, dy[c], x[c], a[c], b[c]) * a[c] + ((x[c] - mean[c]) * p[c] + q[c]);
}

/* The same numbers, written past the caches. */
INLINE void stream_gradient(const apply *t, int activation, int64_t first, int64_t rows) {
    for (int64_t row = first; row < first + rows; row++)
        for (int64_t c = 0; c < t->channels; c += LANES) {
            int64_t at = row * t->channels + c;
            __builtin_prefetch(t->x + at + NORM_AHEAD);
            __builtin_prefetch(t->dy + at + NORM_AHEAD);
            lanes x = load(t->x + at), d = slope_lanes(activation, load(t->dy + at), x * load(t->a + c) + load(t->y_b + c));
            stream(t->y + at, d * load(t->a + c) + ((x - load(t->mean + c)) * load(t->p + c) + load(t->b + c)));
        }
    stream_end();
}

INLINE void gradient_any(const apply *t, int activation, int64_t first, int64_t rows) {
    if (is_streamed(t))
        stream_gradient(t, activation, first, rows);
    else
        gradient_rows(t, activation, first, rows);
}

static void gradient_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const apply *t = context;
    int64_t first = unit * unit_rows(t->channels), rows = fv_min(unit_rows(t->channels), t->rows - first);
    if (t->activation == FV_NORM_RELU)
        gradient_any(t, FV_NORM_RELU, first, rows);
    else if (t->activation == FV_NORM_RELU6)
        gradient_any(t, FV_NORM_RELU6, first, rows);
    else
        gradient_any(t, FV_NORM_PLAIN, first, rows);
}

static void for_rows(apply *t, fv_unit run) { fv_parallel_for(fv_ceil_div(t->rows, unit_rows(t->channels)), run, t); }

/* Both sums of all rows, in the first 2 × channels of the scratch. t: of the gradient, or NULL. */
static const double *sum_up(const fv_call *call, const apply *t) {
    int64_t channels = channels_of(call), pictures = call->inputs[0].type.dims[0];
    sums s = {
        .x = call->inputs[0].data,
        .pictures = pictures,
        .rows = rows_of(call) / fv_max(pictures, 1),
        .channels = channels,
        .call = call,
        .partials = call->scratch,
    };
    if (t) s.dy = t->dy, s.mean = t->mean, s.a = t->a, s.b = t->y_b, s.activation = t->activation;
    fv_parallel_for(fv_shards_here(call), sum_shard, &s);
    fv_shards_join_f64(call, s.partials, 2 * channels, 2 * channels);
    return s.partials;
}

/* ---- statistics: mean, inv_std and the running ones, from the running mean and variance; both sums of the gradient ---- */

static void set_statistics(const fv_call *call, const fv_tensor *running, const fv_tensor *out) {
    fv_norm_set_statistics(call->options, (double)fv_count_all(call, rows_of(call)), sum_up(call, NULL), channels_of(call),
                           running, out);
}

/* What each element of the gradient needs but p and q, which are sums; bias is an input where there is an activation. */
static apply gradient_of(const fv_call *call, int bias_input) {
    const fv_batch_norm_options *o = call->options;
    const float *scale = call->inputs[1].data, *mean = call->inputs[2].data, *inv_std = call->inputs[3].data;
    const float *bias = o->activation ? call->inputs[bias_input].data : NULL;
    apply t = apply_of(call, call->shards * 2 * channels_of(call));
    t.dy = call->inputs[4].data;
    t.mean = mean;
    t.activation = o->activation;
    for (int64_t c = 0; c < t.channels; c++)
        fv_norm_scale(scale[c], bias ? bias[c] : 0, mean[c], inv_std[c], &t.a[c], &t.y_b[c]);
    return t;
}

static void set_gradient_sums(const fv_call *call, const apply *t, float *dscale, float *dbias, float *p, float *q) {
    const float *scale = call->inputs[1].data, *inv_std = call->inputs[3].data;
    const double *sum = sum_up(call, t), n = (double)fv_count_all(call, rows_of(call));
    for (int64_t c = 0; c < t->channels; c++)
        fv_norm_gradient_sums(scale[c], inv_std[c], n, sum[c], sum[t->channels + c], &dscale[c], &dbias[c], &p[c], &q[c]);
}

/* ---- the ops, and their parts ---- */

static void run(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const float *scale = call->inputs[1].data, *bias = call->inputs[2].data;
    const float *mean = call->outputs[1].data, *inv_std = call->outputs[2].data;
    set_statistics(call, call->inputs + 3, call->outputs + 1);
    apply t = apply_of(call, call->shards * 2 * channels_of(call));
    for (int64_t c = 0; c < t.channels; c++) fv_norm_scale(scale[c], bias[c], mean[c], inv_std[c], &t.a[c], &t.b[c]);
    t.activation = o->activation;
    for_rows(&t, scale_unit);
}

static void run_statistics(const fv_call *call) { set_statistics(call, call->inputs + 1, call->outputs); }

/* The bits of `run`, which has the same numbers when it comes to its second pass. */
static void run_apply(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const float *scale = call->inputs[1].data, *bias = call->inputs[2].data;
    const float *mean = call->inputs[3].data, *inv_std = call->inputs[4].data;
    apply t = apply_of(call, 0);
    for (int64_t c = 0; c < t.channels; c++) fv_norm_scale(scale[c], bias[c], mean[c], inv_std[c], &t.a[c], &t.b[c]);
    t.activation = o->activation;
    for_rows(&t, scale_unit);
}

static void run_gradient(const fv_call *call) {
    apply t = gradient_of(call, 5);
    set_gradient_sums(call, &t, call->outputs[1].data, call->outputs[2].data, t.p, t.b);
    for_rows(&t, gradient_unit);
}

static void run_gradient_sums(const fv_call *call) {
    apply t = gradient_of(call, 5);
    const fv_tensor *out = call->outputs;
    set_gradient_sums(call, &t, out[0].data, out[1].data, out[2].data, out[3].data);
}

static void run_gradient_apply(const fv_call *call) {
    apply t = gradient_of(call, 7);
    t.p = call->inputs[5].data;
    t.b = call->inputs[6].data;
    for_rows(&t, gradient_unit);
}

static void run_inference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const float *scale = call->inputs[1].data, *bias = call->inputs[2].data, *mean = call->inputs[3].data;
    const float *var = call->inputs[4].data;
    apply t = apply_of(call, 0);
    for (int64_t c = 0; c < t.channels; c++) {
        double a = scale[c] / sqrt((double)var[c] + o->epsilon);
        t.a[c] = (float)a;
        t.b[c] = (float)(bias[c] - mean[c] * a);
    }
    for_rows(&t, scale_unit);
}

/* ---- what the planner asks ---- */

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static int64_t coefficient_bytes(const fv_call *call) { return 4 * channels_of(call) * (int64_t)sizeof(float); }
static int64_t scratch(const fv_call *call) {
    return call->shards * 2 * channels_of(call) * (int64_t)sizeof(double) + coefficient_bytes(call);
}

/* Passes over x-sized memory: read x twice, write y; read x and dy twice, write dx; read x, write y. */
static double cost_of(const fv_call *call, double passes) {
    return FV_COST_CALL + passes * (double)fv_type_bytes(&call->inputs[0].type) / FV_COST_BYTES;
}
static double cost(const fv_call *call) { return cost_of(call, 3); }
static double gradient_cost(const fv_call *call) { return cost_of(call, 5); }
static double inference_cost(const fv_call *call) { return cost_of(call, 2); }
static double statistics_cost(const fv_call *call) { return cost_of(call, 1); }
static double gradient_sums_cost(const fv_call *call) { return cost_of(call, 2); }
static double gradient_apply_cost(const fv_call *call) { return cost_of(call, 3); }

#endif
