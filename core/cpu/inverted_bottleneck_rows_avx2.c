/* inverted_bottleneck_rows_avx2.c - inverted_bottleneck two rows at a time: the rows of the widened picture that two rows of
 * results read are made, kept while the next two need them, and are never in memory as a whole; so it is with what the
 * depthwise filter makes of them. The three parts are those of conv2d_gemm and conv2d_depthwise_tiles and give their bits, with
 * AVX2 and with AVX-512. */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/depthwise_rows.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/panel_product_avx2.h"
#include "core/ops/inverted_bottleneck.h"
#include "core/plan/kernel.h"

#define PIXELS 192     /* of a product at most: its slice of a stays in the second-level cache */
#define SLACK FV_LANES /* floats that copies may write beyond their end */
#define LINE_FLOATS 16

typedef struct bottleneck {
    const fv_call *call;
    const fv_inverted_bottleneck_options *options;
    fv_gather gather;         /* of x, for the pixels of the widened picture */
    bool plain;               /* its pixels are multiplied where they lie */
    int side, stride, inputs; /* of the depthwise filter; inputs: rows that two rows of its results read */
    int64_t pictures, wide[2], out[2], channels, results; /* channels: of the widened picture */
    int64_t parts, rows;                                  /* a picture is cut into parts of so many rows of results */
    fv_conv2d_options expand;
} bottleneck;

/* ---- sizes: bytes of the packed weights and of a thread's scratch, each part on lines of its own ---- */

static int64_t lines(int64_t floats) { return fv_round_up(floats, LINE_FLOATS); }

static int64_t panels_floats(const fv_type *w) {
    return lines(fv_round_up(w->dims[0], FV_GEMM_COLUMNS) * w->dims[1] * w->dims[2] * w->dims[3]);
}

static const fv_type *weights_of(const fv_call *call, int input) { return &call->inputs[input].type; }

static int64_t packed_floats(const fv_call *call, int until) {
    int64_t floats = 0;
    if (until > FV_BOTTLENECK_EXPAND) floats += panels_floats(weights_of(call, FV_BOTTLENECK_EXPAND));
    if (until > FV_BOTTLENECK_DEPTHWISE) floats += lines(fv_type_count(weights_of(call, FV_BOTTLENECK_DEPTHWISE)));
    if (until > FV_BOTTLENECK_PROJECT) floats += panels_floats(weights_of(call, FV_BOTTLENECK_PROJECT));
    return floats;
}

static const float *packed_at(const fv_call *call, int input) {
    return (const float *)call->packed + packed_floats(call, input);
}

/* What a thread has of its own. */
typedef struct scratch {
    float *ring;     /* rows of the widened picture: row h at h mod inputs */
    float *middle;   /* two rows of what the depthwise filter gives */
    float *gathered; /* x of some pixels */
    float *zeros;
} scratch;

static int64_t gathered_row(const bottleneck *b) { return lines(fv_gather_depth(&b->gather)) + LINE_FLOATS; }
static int64_t ring_floats(const bottleneck *b) { return lines(b->inputs * b->wide[1] * b->channels); }
static int64_t middle_floats(const bottleneck *b) { return lines(FV_DEPTHWISE_ROWS * b->out[1] * b->channels); }
static int64_t gathered_floats(const bottleneck *b) { return b->plain ? 0 : lines(PIXELS * gathered_row(b) + SLACK); }
static int64_t zeros_floats(const bottleneck *b) { return lines(b->channels + SLACK); }
static int64_t scratch_floats(const bottleneck *b) {
    return ring_floats(b) + middle_floats(b) + gathered_floats(b) + zeros_floats(b) + LINE_FLOATS;
}

static scratch scratch_of(const bottleneck *b, int thread) {
    scratch own = { .ring = (float *)b->call->scratch + thread * scratch_floats(b) };
    own.middle = own.ring + ring_floats(b);
    own.gathered = own.middle + middle_floats(b);
    own.zeros = own.gathered + gathered_floats(b);
    return own;
}

/* How a picture is cut: into as few parts as take the least time, counted in rows. A part makes rows of the widened picture
 * anew that the one before it had, so pictures are cut only while there are too few for the threads. This is the one place
 * where units depend on threads: where a picture is cut touches no bit of it. */
static void cut(bottleneck *b) {
    int64_t least = INT64_MAX;
    for (int64_t parts = 1; parts <= fv_min(b->out[0], 2 * b->call->threads); parts++) {
        int64_t rows = fv_ceil_div(b->out[0], parts), rounds = fv_ceil_div(b->pictures * parts, b->call->threads);
        int64_t time = rounds * ((rows - 1) * b->stride + b->side + rows * b->stride);
        if (time >= least) continue;
        least = time;
        b->rows = rows;
    }
    b->parts = fv_ceil_div(b->out[0], b->rows);
}

static bottleneck bottleneck_of(const fv_call *call) {
    const fv_inverted_bottleneck_options *o = call->options;
    fv_type wide = fv_bottleneck_wide(call);
    const fv_type *x = &call->inputs[FV_BOTTLENECK_X].type, *y = &call->outputs[0].type;
    bottleneck b = { .call = call, .options = o, .expand = fv_bottleneck_expand(o) };
    b.gather = fv_gather_forward(&b.expand, x, weights_of(call, FV_BOTTLENECK_EXPAND), &wide, call->inputs[0].data, 0);
    b.plain = fv_gather_is_plain(&b.gather);
    b.side = (int)weights_of(call, FV_BOTTLENECK_DEPTHWISE)->dims[1], b.stride = (int)o->stride[0];
    b.inputs = fv_depthwise_inputs(b.side, b.stride);
    b.pictures = y->dims[0], b.channels = wide.dims[3], b.results = y->dims[3];
    for (int axis = 0; axis < 2; axis++) b.wide[axis] = wide.dims[1 + axis], b.out[axis] = y->dims[1 + axis];
    cut(&b);
    return b;
}

/* ---- two rows ---- */

/* Rows [first, end) of picture n's widened picture come into the ring. */
static void widen(const bottleneck *b, const scratch *own, int64_t n, int64_t first, int64_t end) {
    float *rows[PIXELS];
    int64_t depth = fv_gather_depth(&b->gather), width = b->wide[1], picture = n * b->wide[0] * width;
    fv_gemm_block block = { .columns = b->channels,
                            .depth = depth,
                            .a = own->gathered,
                            .a_row = b->plain ? b->gather.pixel : gathered_row(b),
                            .a_step = 1,
                            .b = packed_at(b->call, FV_BOTTLENECK_EXPAND),
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = rows,
                            .bias = b->call->inputs[FV_BOTTLENECK_EXPAND_BIAS].data,
                            .limited = b->expand.activation != FV_CONV2D_PLAIN,
                            .low = fv_conv2d_low(&b->expand),
                            .high = fv_conv2d_high(&b->expand) };
    block.a_tile = FV_GEMM_ROWS * block.a_row;
    for (int64_t pixel = first * width; pixel < end * width; pixel += block.rows) {
        block.rows = fv_min(PIXELS, end * width - pixel);
        for (int64_t i = 0; i < block.rows; i++)
            rows[i] = own->ring + ((pixel + i) / width % b->inputs * width + (pixel + i) % width) * b->channels;
        if (b->plain)
            block.a = (const float *)b->gather.from + (picture + pixel) * b->gather.pixel;
        else
            fv_gather_avx2(&b->gather, picture + pixel, block.rows, 0, depth, gathered_row(b), own->gathered);
        fv_gemm_multiply(&block);
    }
}

static void filter(const bottleneck *b, const scratch *own, int64_t p, int64_t count) {
    fv_conv2d_options limits = { .activation = b->options->activation };
    fv_depthwise_rows r = { .side = b->side,
                            .stride = b->stride,
                            .channels = b->channels,
                            .left = b->options->padding[1],
                            .in_width = b->wide[1],
                            .out_width = b->out[1],
                            .w = packed_at(b->call, FV_BOTTLENECK_DEPTHWISE),
                            .bias = b->call->inputs[FV_BOTTLENECK_DEPTHWISE_BIAS].data,
                            .zeros = own->zeros,
                            .limited = limits.activation != FV_CONV2D_PLAIN,
                            .low = fv_conv2d_low(&limits),
                            .high = fv_conv2d_high(&limits) };
    int64_t top = p * b->stride - b->options->padding[0];
    for (int i = 0; i < b->inputs; i++)
        if (top + i >= 0 && top + i < b->wide[0]) r.in[i] = own->ring + (top + i) % b->inputs * b->wide[1] * b->channels;
    for (int64_t i = 0; i < count; i++) r.out[i] = own->middle + i * b->out[1] * b->channels;
    fv_depthwise_two_rows(&r);
}

/* `pixels` of them, from middle to y. */
static void narrow(const bottleneck *b, const float *middle, float *y, int64_t pixels, bool stream) {
    float *rows[PIXELS];
    int64_t depth = b->channels, slice = fv_panel_slice(depth);
    fv_gemm_block block = { .rows = pixels,
                            .columns = b->results,
                            .a_tile = FV_GEMM_ROWS * depth,
                            .a_row = depth,
                            .a_step = 1,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = rows,
                            .stream = stream };
    for (int64_t i = 0; i < pixels; i++) rows[i] = y + i * b->results;
    for (int64_t begin = 0; begin < depth; begin += slice) {
        bool last = begin + slice >= depth;
        block.a = middle + begin;
        block.b = packed_at(b->call, FV_BOTTLENECK_PROJECT) + begin * FV_GEMM_COLUMNS;
        block.depth = fv_min(slice, depth - begin);
        block.add = begin > 0;
        block.bias = last ? b->call->inputs[FV_BOTTLENECK_PROJECT_BIAS].data : NULL;
        fv_gemm_multiply(&block);
    }
}

/* Results of rows [p, p + count) of picture n, count ≤ 2. */
static void store(const bottleneck *b, const scratch *own, int64_t n, int64_t p, int64_t count) {
    const fv_call *call = b->call;
    int64_t first = (n * b->out[0] + p) * b->out[1], pixels = count * b->out[1];
    float *y = (float *)call->outputs[0].data + first * b->results;
    bool adds = call->input_count > FV_BOTTLENECK_RESIDUAL;
    bool stream = !adds && b->channels <= FV_PANEL_DEPTH && fv_type_bytes(&call->outputs[0].type) >= FV_COST_CACHES;
    for (int64_t i = 0; i < pixels; i += PIXELS)
        narrow(b, own->middle + i * b->channels, y + i * b->results, fv_min(PIXELS, pixels - i), stream);
    if (!adds) return;
    const float *residual = (const float *)call->inputs[FV_BOTTLENECK_RESIDUAL].data + first * b->results;
    for (int64_t i = 0; i < pixels * b->results; i++) y[i] += residual[i];
}

static void run_unit(void *context, int64_t unit, int thread) {
    const bottleneck *b = context;
    scratch own = scratch_of(b, thread);
    int64_t n = unit / b->parts, p = unit % b->parts * b->rows, end = fv_min(p + b->rows, b->out[0]);
    int64_t ready = fv_max(p * b->stride - b->options->padding[0], 0);
    for (int64_t i = 0; i < zeros_floats(b); i++) own.zeros[i] = 0;
    for (; p < end; p += FV_DEPTHWISE_ROWS) {
        int64_t count = fv_min(FV_DEPTHWISE_ROWS, end - p);
        int64_t needed = fv_min((p + count - 1) * b->stride - b->options->padding[0] + b->side, b->wide[0]);
        if (needed > ready) widen(b, &own, n, ready, needed), ready = needed;
        filter(b, &own, p, count);
        store(b, &own, n, p, count);
    }
}

static void run(const fv_call *call) {
    bottleneck b = bottleneck_of(call);
    fv_parallel_for(b.pictures * b.parts, run_unit, &b);
}

/* ---- weights ---- */

static void pack_panels(const fv_call *call, int input) {
    const fv_type *w = weights_of(call, input);
    int64_t depth = w->dims[1] * w->dims[2] * w->dims[3];
    const float *from = call->inputs[input].data;
    float *to = (float *)call->packed + packed_floats(call, input);
    for (int64_t k = 0; k < w->dims[0]; k += FV_GEMM_COLUMNS)
        fv_gemm_pack_b_avx2(from + k * depth, 1, depth, depth, fv_min(w->dims[0] - k, FV_GEMM_COLUMNS), to + k * depth);
}

static void pack(const fv_call *call) {
    const fv_type *w = weights_of(call, FV_BOTTLENECK_DEPTHWISE);
    int64_t taps = w->dims[1] * w->dims[2], channels = w->dims[0];
    const float *from = call->inputs[FV_BOTTLENECK_DEPTHWISE].data;
    float *to = (float *)call->packed + packed_floats(call, FV_BOTTLENECK_DEPTHWISE);
    for (int64_t c = 0; c < channels; c++)
        for (int64_t tap = 0; tap < taps; tap++) to[tap * channels + c] = from[c * taps + tap];
    pack_panels(call, FV_BOTTLENECK_EXPAND);
    pack_panels(call, FV_BOTTLENECK_PROJECT);
}

static int64_t packed(const fv_call *call) { return packed_floats(call, FV_BOTTLENECK_RESIDUAL) * (int64_t)sizeof(float); }

static int64_t scratch_bytes(const fv_call *call) {
    bottleneck b = bottleneck_of(call);
    return call->threads * scratch_floats(&b) * (int64_t)sizeof(float);
}

/* ---- what the planner asks ---- */

static const char *refuse(const fv_call *call) {
    const fv_inverted_bottleneck_options *o = call->options;
    const int64_t *depthwise = weights_of(call, FV_BOTTLENECK_DEPTHWISE)->dims,
                  *expand = weights_of(call, FV_BOTTLENECK_EXPAND)->dims;
    if (call->inputs[0].type.dtype != FV_F32) return FV_REFUSE_DTYPE;
    if (depthwise[1] != depthwise[2] || (depthwise[1] != 3 && depthwise[1] != 5)) return FV_REFUSE_SHAPE;
    if (expand[1] * expand[2] * expand[3] > FV_PANEL_DEPTH) return FV_REFUSE_SHAPE;
    return o->stride[0] != o->stride[1] || o->stride[0] > 2 ? FV_REFUSE_OPTIONS : NULL;
}

static double cost(const fv_call *call) { return FV_COST_CALL + fv_call_work(call).flops / FV_COST_AVX2_FLOPS; }

const fv_kernel fv_kernel_inverted_bottleneck_rows_f32_avx2 = {
    .name = "inverted_bottleneck_rows_f32_avx2",
    .op = "inverted_bottleneck",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch_bytes,
    .packed = packed,
    .pack = pack,
    .pack_input = FV_BOTTLENECK_EXPAND,
    .pack_more = 1u << FV_BOTTLENECK_DEPTHWISE | 1u << FV_BOTTLENECK_PROJECT,
    .run = run,
};
