/* inverted_bottleneck_rows_avx2.c - inverted_bottleneck two rows at a time: the rows of the widened picture that two rows of
 * results read are made, kept while the next two need them, and are never in memory as a whole; so it is with what the
 * depthwise filter makes of them. The three parts are those of conv2d_gemm and conv2d_depthwise_tiles and give their bits, with
 * AVX2 and with AVX-512.
 *
 * Threads that have a picture each go through its rows by themselves. Where there are fewer pictures than threads and these are
 * small, it goes by channels instead, in two rounds: in the first a unit widens and filters some of the channels of a whole
 * picture, in the second one narrows some of the pixels to some of the results. So no row is made twice, and each thread reads
 * its own part of the weights, once. */
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

/* By channels: */
#define GROUP_MAX 128 /* widened channels of a unit */
#define GROUP_COST 8  /* what a unit takes beside its own channels, counted in channels */
#define BLOCK 48      /* pixels of a unit of the second round, about */
#define COLUMNS 32    /* results of a unit of the second round: those that a microkernel does at once */

typedef struct bottleneck {
    const fv_call *call;
    const fv_inverted_bottleneck_options *options;
    fv_gather gather;         /* of x, for the pixels of the widened picture */
    bool plain;               /* its pixels are multiplied where they lie */
    int side, stride, inputs; /* of the depthwise filter; inputs: rows that two rows of its results read */
    int64_t pictures, wide[2], out[2], channels, results; /* channels: of the widened picture */
    int64_t parts, rows;                                  /* a picture is cut into parts of so many rows of results */
    int64_t groups, group;                                /* by channels: into groups of so many; 0: by rows */
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
    float *ring;     /* rows of the widened picture: row h at h mod ring_rows */
    float *middle;   /* what the depthwise filter gives, all channels: of two rows, or of the whole picture, and all threads' */
    float *gathered; /* x of some pixels */
    float *zeros;
    int64_t ring_rows;
    int64_t first, channels; /* of the widened picture, that are in the ring */
} scratch;

static bool by_channels(const bottleneck *b) { return b->groups > 0; }
static int64_t gathered_row(const bottleneck *b) { return lines(fv_gather_depth(&b->gather)) + LINE_FLOATS; }
static int64_t ring_rows(const bottleneck *b) { return by_channels(b) ? b->wide[0] : b->inputs; }
static int64_t ring_channels(const bottleneck *b) { return by_channels(b) ? b->group : b->channels; }
static int64_t ring_floats(const bottleneck *b) { return lines(ring_rows(b) * b->wide[1] * ring_channels(b)); }
static int64_t middle_floats(const bottleneck *b) {
    return lines((by_channels(b) ? b->out[0] : FV_DEPTHWISE_ROWS) * b->out[1] * b->channels);
}
static int64_t gathered_floats(const bottleneck *b) { return b->plain ? 0 : lines(PIXELS * gathered_row(b) + SLACK); }
static int64_t zeros_floats(const bottleneck *b) { return lines(ring_channels(b) + SLACK); }
static int64_t thread_floats(const bottleneck *b) {
    int64_t own = ring_floats(b) + gathered_floats(b) + zeros_floats(b) + LINE_FLOATS;
    return by_channels(b) ? own : own + middle_floats(b);
}

/* Of picture n, by channels. */
static float *middle_of(const bottleneck *b, int64_t n) { return (float *)b->call->scratch + n * middle_floats(b); }

/* Of thread `thread`; where it goes by channels, for group `group` of picture n. */
static scratch scratch_of(const bottleneck *b, int thread, int64_t n, int64_t group) {
    scratch own = { .ring = (float *)((char *)b->call->own + thread * b->call->own_step), .ring_rows = ring_rows(b) };
    own.gathered = own.ring + ring_floats(b);
    own.zeros = own.gathered + gathered_floats(b);
    own.middle = own.zeros + zeros_floats(b);
    own.first = group * ring_channels(b);
    own.channels = fv_min(ring_channels(b), b->channels - own.first);
    if (by_channels(b)) own.middle = middle_of(b, n);
    for (int64_t i = 0; i < zeros_floats(b); i++) own.zeros[i] = 0;
    return own;
}

/* ---- where work is cut: the one place where units depend on threads. It touches no bit ---- */

/* Rows of the widened picture and of what the filter makes of them, for parts of so many rows of results. */
static int64_t part_time(const bottleneck *b, int64_t parts, int64_t rows) {
    int64_t beyond = parts < 3 ? b->options->padding[0] : 0;
    return fv_min((rows - 1) * b->stride + b->side - beyond, b->wide[0]) + rows * b->stride;
}

/* Into as few parts as take the least time: a part makes rows of the widened picture anew that the one before it had. */
static int64_t cut_rows(bottleneck *b) {
    int64_t least = INT64_MAX;
    for (int64_t parts = 1; parts <= fv_min(b->out[0], 2 * b->call->threads); parts++) {
        int64_t rows = fv_ceil_div(b->out[0], parts), rounds = fv_ceil_div(b->pictures * parts, b->call->threads);
        int64_t time = rounds * part_time(b, parts, rows);
        if (time >= least) continue;
        least = time;
        b->rows = rows;
    }
    b->parts = fv_ceil_div(b->out[0], b->rows);
    return least;
}

/* Into groups of whole panels that take the least time, counted in channels of a picture. */
static int64_t cut_channels(bottleneck *b) {
    int64_t least = INT64_MAX;
    for (int64_t group = FV_GEMM_COLUMNS; group <= GROUP_MAX; group += FV_GEMM_COLUMNS) {
        int64_t groups = fv_ceil_div(b->channels, group);
        int64_t time = fv_ceil_div(b->pictures * groups, b->call->threads) * (group + GROUP_COST);
        if (time > least) continue;
        least = time;
        b->group = group, b->groups = groups;
    }
    return least;
}

/* By channels a tenth is added, for what goes from one thread's cache to another's between the rounds. */
static void cut(bottleneck *b) {
    double rows = (double)cut_rows(b), whole = (double)part_time(b, 1, b->out[0]);
    double channels = 1.1 * whole * (double)cut_channels(b) / (double)b->channels;
    if (b->pictures >= b->call->threads || rows <= channels) b->groups = 0;
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

/* ---- the three parts ---- */

/* Rows [first, end) of picture n's widened picture come into the ring. */
static void widen(const bottleneck *b, const scratch *own, int64_t n, int64_t first, int64_t end) {
    float *rows[PIXELS];
    int64_t depth = fv_gather_depth(&b->gather), width = b->wide[1], picture = n * b->wide[0] * width;
    fv_gemm_block block = { .columns = own->channels,
                            .depth = depth,
                            .a = own->gathered,
                            .a_row = b->plain ? b->gather.pixel : gathered_row(b),
                            .a_step = 1,
                            .b = packed_at(b->call, FV_BOTTLENECK_EXPAND) + own->first * depth,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = rows,
                            .bias = (const float *)b->call->inputs[FV_BOTTLENECK_EXPAND_BIAS].data + own->first,
                            .limited = b->expand.activation != FV_CONV2D_PLAIN,
                            .low = fv_conv2d_low(&b->expand),
                            .high = fv_conv2d_high(&b->expand) };
    block.a_tile = FV_GEMM_ROWS * block.a_row;
    for (int64_t pixel = first * width; pixel < end * width; pixel += block.rows) {
        block.rows = fv_min(PIXELS, end * width - pixel);
        for (int64_t i = 0; i < block.rows; i++)
            rows[i] = own->ring + ((pixel + i) / width % own->ring_rows * width + (pixel + i) % width) * own->channels;
        if (b->plain)
            block.a = (const float *)b->gather.from + (picture + pixel) * b->gather.pixel;
        else
            fv_gather_avx2(&b->gather, picture + pixel, block.rows, 0, depth, gathered_row(b), own->gathered);
        fv_gemm_multiply(&block);
    }
}

/* Rows [p, p + count) of results, count ≤ 2, into `middle`. */
static void filter(const bottleneck *b, const scratch *own, int64_t p, int64_t count, float *middle) {
    fv_conv2d_options limits = { .activation = b->options->activation };
    fv_depthwise_rows r = { .side = b->side,
                            .stride = b->stride,
                            .channels = own->channels,
                            .out_pixel = b->channels,
                            .tap = b->channels,
                            .left = b->options->padding[1],
                            .in_width = b->wide[1],
                            .out_width = b->out[1],
                            .w = packed_at(b->call, FV_BOTTLENECK_DEPTHWISE) + own->first,
                            .bias = (const float *)b->call->inputs[FV_BOTTLENECK_DEPTHWISE_BIAS].data + own->first,
                            .zeros = own->zeros,
                            .limited = limits.activation != FV_CONV2D_PLAIN,
                            .low = fv_conv2d_low(&limits),
                            .high = fv_conv2d_high(&limits) };
    int64_t top = p * b->stride - b->options->padding[0];
    for (int i = 0; i < b->inputs; i++)
        if (top + i >= 0 && top + i < b->wide[0]) r.in[i] = own->ring + (top + i) % own->ring_rows * b->wide[1] * own->channels;
    for (int64_t i = 0; i < count; i++) r.out[i] = middle + i * b->out[1] * b->channels + own->first;
    fv_depthwise_two_rows(&r);
}

/* Results [column, column + columns) of `pixels` of them, from `middle` to y, whose first pixel in all pictures is `first`. */
static void narrow(const bottleneck *b, const float *middle, int64_t first, int64_t pixels, int64_t column, int64_t columns) {
    const fv_call *call = b->call;
    float *rows[PIXELS], *y = (float *)call->outputs[0].data + first * b->results;
    int64_t depth = b->channels, slice = fv_panel_slice(depth);
    bool adds = call->input_count > FV_BOTTLENECK_RESIDUAL;
    bool stream = !adds && depth <= FV_PANEL_DEPTH && fv_type_bytes(&call->outputs[0].type) >= FV_COST_CACHES;
    fv_gemm_block block = { .rows = pixels,
                            .columns = columns,
                            .a_tile = FV_GEMM_ROWS * depth,
                            .a_row = depth,
                            .a_step = 1,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = rows,
                            .c_column = column,
                            .stream = stream };
    for (int64_t i = 0; i < pixels; i++) rows[i] = y + i * b->results;
    for (int64_t begin = 0; begin < depth; begin += slice) {
        bool last = begin + slice >= depth;
        block.a = middle + begin;
        block.b = packed_at(call, FV_BOTTLENECK_PROJECT) + column * depth + begin * FV_GEMM_COLUMNS;
        block.depth = fv_min(slice, depth - begin);
        block.add = begin > 0;
        block.bias = last ? (const float *)call->inputs[FV_BOTTLENECK_PROJECT_BIAS].data + column : NULL;
        fv_gemm_multiply(&block);
    }
    if (!adds) return;
    const float *residual = (const float *)call->inputs[FV_BOTTLENECK_RESIDUAL].data + first * b->results;
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t k = column; k < column + columns; k++) y[i * b->results + k] += residual[i * b->results + k];
}

/* ---- by rows ---- */

static void rows_unit(void *context, int64_t unit, int thread) {
    const bottleneck *b = context;
    scratch own = scratch_of(b, thread, 0, 0);
    int64_t n = unit / b->parts, p = unit % b->parts * b->rows, end = fv_min(p + b->rows, b->out[0]);
    int64_t ready = fv_max(p * b->stride - b->options->padding[0], 0);
    for (; p < end; p += FV_DEPTHWISE_ROWS) {
        int64_t count = fv_min(FV_DEPTHWISE_ROWS, end - p);
        int64_t needed = fv_min((p + count - 1) * b->stride - b->options->padding[0] + b->side, b->wide[0]);
        if (needed > ready) widen(b, &own, n, ready, needed), ready = needed;
        filter(b, &own, p, count, own.middle);
        int64_t first = (n * b->out[0] + p) * b->out[1], pixels = count * b->out[1];
        for (int64_t i = 0; i < pixels; i += PIXELS)
            narrow(b, own.middle + i * b->channels, first + i, fv_min(PIXELS, pixels - i), 0, b->results);
    }
}

/* ---- by channels ---- */

static void channels_unit(void *context, int64_t unit, int thread) {
    const bottleneck *b = context;
    int64_t n = unit / b->groups;
    scratch own = scratch_of(b, thread, n, unit % b->groups);
    widen(b, &own, n, 0, b->wide[0]);
    for (int64_t p = 0; p < b->out[0]; p += FV_DEPTHWISE_ROWS)
        filter(b, &own, p, fv_min(FV_DEPTHWISE_ROWS, b->out[0] - p), own.middle + p * b->out[1] * b->channels);
}

/* A picture's pixels in blocks of about equal numbers of whole tiles, and its results in columns. */
static int64_t block_pixels(const bottleneck *b) {
    int64_t pixels = b->out[0] * b->out[1];
    return fv_round_up(fv_ceil_div(pixels, fv_ceil_div(pixels, BLOCK)), FV_GEMM_ROWS);
}
static int64_t blocks_of(const bottleneck *b) { return fv_ceil_div(b->out[0] * b->out[1], block_pixels(b)); }
static int64_t columns_of(const bottleneck *b) { return fv_ceil_div(b->results, COLUMNS); }

static void block_unit(void *context, int64_t unit, int thread) {
    const bottleneck *b = context;
    int64_t column = unit % columns_of(b) * COLUMNS, block = unit / columns_of(b) % blocks_of(b);
    int64_t n = unit / columns_of(b) / blocks_of(b), all = b->out[0] * b->out[1], first = block * block_pixels(b);
    (void)thread;
    narrow(b, middle_of(b, n) + first * b->channels, n * all + first, fv_min(block_pixels(b), all - first), column,
           fv_min(COLUMNS, b->results - column));
}

static void run(const fv_call *call) {
    bottleneck b = bottleneck_of(call);
    if (!by_channels(&b)) {
        fv_parallel_for(b.pictures * b.parts, rows_unit, &b);
        return;
    }
    fv_parallel_for(b.pictures * b.groups, channels_unit, &b);
    fv_parallel_for(b.pictures * blocks_of(&b) * columns_of(&b), block_unit, &b);
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
    return by_channels(&b) ? b.pictures * middle_floats(&b) * (int64_t)sizeof(float) : 0;
}

static int64_t own_bytes(const fv_call *call) {
    bottleneck b = bottleneck_of(call);
    return thread_floats(&b) * (int64_t)sizeof(float);
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
    .own = own_bytes,
    .packed = packed,
    .pack = pack,
    .pack_input = FV_BOTTLENECK_EXPAND,
    .pack_more = 1u << FV_BOTTLENECK_DEPTHWISE | 1u << FV_BOTTLENECK_PROJECT,
    .run = run,
};
