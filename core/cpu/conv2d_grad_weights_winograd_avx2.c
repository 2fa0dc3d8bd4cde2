/* conv2d_grad_weights_winograd_avx2.c - the gradient of conv2d with respect to its weights by the adjoints of
 * Winograd's F(4×4, 3×3) and F(2×2, 3×3), f32 (winograd.h).
 *
 * The gradient is cut into blocks of output by input channels. A block takes a shard's tiles some at a time: it transforms
 * their channels that it needs, adds the products to its planes, and goes back to taps at the end of the shard; all of it
 * stays in the second-level cache. Tiles are transformed again by each block that needs them, which costs less than to keep
 * them in memory.
 *
 * With enough blocks to keep a team busy a unit is a block, which joins the shards' partial gradients on the way by the fixed
 * tree: two parts of equal size, side by side, become one, what is left over at the end is joined from the right, so there are
 * never more than the tree has levels. Otherwise, and where ranks join them, a unit is a block of one shard, and partial
 * gradients are joined afterwards. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/slab_product.h"
#include "core/cpu/winograd.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define PLANES FV_WINOGRAD_PLANES /* at most */
#define GROUP FV_WINOGRAD_GROUP
#define TAPS 9
#define ROWS 64          /* of a block: output channels */
#define COLUMNS 64       /* of a block: input channels */
#define SLICE_4 32       /* tiles at a time: 0.6 MB beside the products' 0.6 */
#define SLICE_2 48       /* 0.4 MB beside 0.3 */
#define SLICE_PHASES 32  /* 0.3 MB beside 0.4 */
#define BLOCKS_ENOUGH 16 /* to keep a team busy */
#define CHUNK 4096       /* floats of a unit of the joining afterwards */
#define TRANSFORM_4 96   /* FLOPs: pays from 32 channels up */
#define TRANSFORM_2 96
#define PRODUCT (ROWS * COLUMNS + GROUP)                      /* floats of a plane of products, which do not alias */
#define PART (TAPS * ROWS * COLUMNS)                          /* floats of the gradient in a block */
#define GROUP_FLOATS (SLICE_4 * (PLANES + 1) * GROUP + GROUP) /* of a group of a slice, at most */

/* A thread's memory; behind it, where a unit joins, the parts of its block. */
typedef struct scratch {
    _Alignas(64) float x[COLUMNS / GROUP * GROUP_FLOATS];
    _Alignas(64) float dy[ROWS / GROUP * GROUP_FLOATS];
    _Alignas(64) float products[PLANES * PRODUCT]; /* rows of COLUMNS */
} scratch;

typedef struct job {
    const fv_call *call;
    fv_winograd w;
    int64_t slice;             /* tiles at a time */
    int64_t x_tile, dy_tile;   /* floats of a group of a tile, an odd number of cache lines; */
    int64_t x_group, dy_group; /* of a slice */
    int64_t total;             /* floats of the gradient */
    int64_t row_blocks, blocks;
    int levels;   /* parts of a block that are kept at a time */
    bool whole;   /* a unit is a block, and joins its parts */
    float *parts; /* each thread's levels of a block, or each shard's gradient */
} job;

static fv_winograd convolution_of(const fv_call *call, int tile, bool phases) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    return (fv_winograd){ .tile = tile,
                          .phases = phases,
                          .pictures = x->type.dims[0],
                          .x = x->data,
                          .x_size = { x->type.dims[1], x->type.dims[2] },
                          .x_channels = x->type.dims[3],
                          .x_pixel = x->type.dims[3],
                          .origin = { -o->padding[0], -o->padding[1] },
                          .dy = dy->data,
                          .dy_pixel = dy->type.dims[3],
                          .y_size = { dy->type.dims[1], dy->type.dims[2] },
                          .y_channels = dy->type.dims[3],
                          .x_narrow = x->type.dtype == FV_BF16,
                          .dy_narrow = dy->type.dtype == FV_BF16 };
}

static int levels_of(int shards) {
    int levels = 1;
    while (1 << (levels - 1) < shards) levels++;
    return levels;
}

static job job_of(const fv_call *call, int tile, bool phases) {
    job job = { .call = call, .w = convolution_of(call, tile, phases), .total = fv_type_count(&call->outputs[0].type) };
    job.slice = phases ? SLICE_PHASES : tile == FV_WINOGRAD_TILE ? SLICE_4 : SLICE_2;
    job.x_tile = (fv_winograd_x_slots(&job.w) | 1) * GROUP;
    job.dy_tile = (fv_winograd_planes_of(&job.w) | 1) * GROUP;
    job.x_group = job.slice * job.x_tile + GROUP;
    job.dy_group = job.slice * job.dy_tile + GROUP;
    job.row_blocks = fv_ceil_div(job.w.y_channels, ROWS);
    job.blocks = job.row_blocks * fv_ceil_div(job.w.x_channels, COLUMNS);
    job.whole = job.blocks >= BLOCKS_ENOUGH && !call->split;
    job.levels = job.whole ? levels_of(call->shards) : 1;
    job.parts = (float *)((scratch *)call->scratch + call->threads);
    return job;
}

static const char *refuse(const fv_call *call) { return fv_winograd_refuse(call, &call->outputs[0].type); }

static double cost_of(const fv_call *call, int tile, double transform) {
    const fv_type *dy = &call->inputs[1].type;
    return fv_winograd_cost(dy, dy->dims[3], call->inputs[0].type.dims[3], tile, transform);
}

/* Parts that units join, or make taps in; behind them, where they are joined afterwards, a gradient for each shard. */
static int64_t thread_parts(const job *job) { return job->call->threads * job->levels * PART; }

static int64_t bytes_of(const fv_call *call, int tile, bool phases) {
    job job = job_of(call, tile, phases);
    int64_t floats = thread_parts(&job) + (job.whole ? 0 : call->shards * job.total);
    return call->threads * (int64_t)sizeof(scratch) + floats * (int64_t)sizeof(float);
}

/* ---- a block ---- */

typedef struct block {
    int64_t row, rows, column, columns;
    scratch *own;
    float *taps; /* levels × PART: rows of COLUMNS, whole groups of rows */
} block;

static block block_at(const job *job, int64_t unit, int thread) {
    block b = { .row = unit % job->row_blocks * ROWS, .column = unit / job->row_blocks * COLUMNS };
    b.rows = fv_min(ROWS, job->w.y_channels - b.row);
    b.columns = fv_min(COLUMNS, job->w.x_channels - b.column);
    b.own = (scratch *)job->call->scratch + thread;
    b.taps = job->parts + thread * job->levels * PART;
    return b;
}

static int64_t number_bytes(bool narrow) { return narrow ? sizeof(uint16_t) : sizeof(float); }

/* The block's channels of one shard's pictures, whose tiles are numbered for themselves. */
static fv_winograd part_of(const job *job, const block *b, int shard) {
    fv_winograd w = job->w;
    int64_t begin = fv_shard_row(job->call, w.pictures, shard), end = fv_shard_row(job->call, w.pictures, shard + 1);
    w.pictures = end - begin;
    w.x = (const char *)w.x + (begin * w.x_size[0] * w.x_size[1] * w.x_pixel + b->column) * number_bytes(w.x_narrow);
    w.dy = (const char *)w.dy + (begin * w.y_size[0] * w.y_size[1] * w.dy_pixel + b->row) * number_bytes(w.dy_narrow);
    w.x_channels = b->columns;
    w.y_channels = b->rows;
    return w;
}

/* Pixels under a tile's results, `step` of them along an axis under each: more of them are its neighbours'. Of bf16 two are a
 * float's bytes. */
static fv_slab_ahead tile_ahead(const fv_winograd_place *place, int64_t step, const void *pictures, bool narrow,
                                const int64_t size[2], int64_t pixel, int64_t channels) {
    int64_t line = size[1] * pixel, row = place->row * step, column = place->column * step, share = narrow ? 2 : 1;
    int64_t rows = fv_min(place->rows * step, size[0] - row), columns = fv_min(place->columns * step, size[1] - column);
    int64_t at = (place->picture * size[0] + row) * line + column * pixel;
    if (rows <= 0 || columns <= 0) return (fv_slab_ahead){ 0 };
    return (fv_slab_ahead){ .at = (const void *)((const char *)pictures + at * number_bytes(narrow)),
                            .row = pixel / share,
                            .rows = columns,
                            .floats = fv_ceil_div(channels, share),
                            .more = rows - 1,
                            .line = line / share };
}

static void look_ahead(const fv_winograd *w, const block *b, int64_t tile, fv_slab_ahead ahead[2]) {
    fv_winograd_place place = fv_winograd_place_of(w, tile);
    ahead[0] = tile_ahead(&place, w->phases ? 2 : 1, w->x, w->x_narrow, w->x_size, w->x_pixel, b->columns);
    ahead[1] = tile_ahead(&place, 1, w->dy, w->dy_narrow, w->y_size, w->dy_pixel, b->rows);
}

/* The products of the tiles [first, first + count), added to those of the tiles before. */
static void multiply(const job *job, const fv_winograd *w, const block *b, int64_t first, int64_t count,
                     const fv_winograd_planes *x, const fv_winograd_planes *dy) {
    int64_t next = first + count, ahead = fv_min(count, fv_winograd_tiles(w) - next);
    for (int64_t plane = 0; plane < fv_winograd_planes_of(w); plane++) {
        fv_winograd_range in = fv_winograd_tiles_in(w, plane), slots = fv_winograd_slots_in(w, plane);
        int64_t begin = fv_max(in.begin - first, 0), end = fv_max(fv_min(in.end - first, count), begin);
        if (first > 0 && begin == end) continue;
        fv_slab_product product = { .a = dy->at + plane * dy->planes + begin * dy->tiles,
                                    .a_slab = job->dy_group,
                                    .a_step = job->dy_tile,
                                    .b_panel = job->x_group,
                                    .b_step = job->x_tile,
                                    .rows = b->rows,
                                    .columns = b->columns,
                                    .depth = end - begin,
                                    .add = first > 0,
                                    .c_row = COLUMNS };
        if (plane < ahead) look_ahead(w, b, next + plane, product.ahead); /* a tile of the next slice beside each plane */
        for (int64_t slot = slots.begin; slot < slots.end; slot++) {
            product.b = x->at + slot * x->planes + begin * x->tiles;
            product.c = b->own->products + slot * PRODUCT;
            fv_slab_multiply(&product);
            memset(product.ahead, 0, sizeof product.ahead);
        }
    }
}

static int64_t tap_floats(const block *b) { return fv_round_up(b->rows, GROUP) * COLUMNS; }

/* The gradient that a shard gives the block, as taps. */
static void make_taps(const job *job, const block *b, int shard, float *taps) {
    fv_winograd w = part_of(job, b, shard);
    fv_winograd_planes x = { b->own->x, GROUP, job->x_tile, job->x_group };
    fv_winograd_planes dy = { b->own->dy, GROUP, job->dy_tile, job->dy_group };
    int64_t tiles = fv_winograd_tiles(&w), slices = fv_max(fv_ceil_div(tiles, job->slice), 1);
    int64_t slice = fv_max(fv_ceil_div(tiles, slices), 1); /* all about as many: few tiles' products are mostly stores */
    for (int64_t first = 0; first < fv_max(tiles, 1); first += slice) {
        int64_t count = fv_min(slice, tiles - first);
        fv_winograd_from_x(&w, first, count, &x);
        fv_winograd_from_dy(&w, first, count, &dy);
        multiply(job, &w, b, first, count, &x, &dy);
    }
    fv_winograd_vectors_get(&job->w)->to_taps(b->own->products, PRODUCT, tap_floats(b) / GROUP, taps, tap_floats(b));
}

/* The block's place in a gradient: row k, tap t is columns floats at (k · 9 + t) · C + column. */
static void store_taps(const job *job, const block *b, float *gradient) {
    int64_t tap = tap_floats(b), C = job->w.x_channels;
    for (int64_t k = 0; k < b->rows; k++)
        for (int64_t t = 0; t < TAPS; t++)
            memcpy(gradient + ((b->row + k) * TAPS + t) * C + b->column, b->taps + t * tap + k * COLUMNS,
                   (size_t)b->columns * sizeof(float));
}

/* Parts that are there after `shards` shards: one for each bit that is set. */
static int parts_after(int shards) { return __builtin_popcount((unsigned)shards); }

/* The last of the parts that are to be joined once `shard` is there: from the right, down to this one. */
static int joined_down_to(const job *job, int shard) { return shard + 1 == job->call->shards ? 0 : parts_after(shard + 1) - 1; }

static void block_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    block b = block_at(job, unit, thread);
    for (int shard = 0; shard < job->call->shards; shard++) {
        float *part = b.taps + parts_after(shard) * PART;
        make_taps(job, &b, shard, part);
        for (int top = parts_after(shard); top > joined_down_to(job, shard); top--, part -= PART)
            for (int64_t i = 0; i < TAPS * tap_floats(&b); i++) part[i - PART] += part[i];
    }
    store_taps(job, &b, job->call->outputs[0].data);
}

static void shard_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    int64_t here = fv_shards_here(job->call), shard = fv_shards_first(job->call) + unit % here;
    block b = block_at(job, unit / here, thread);
    make_taps(job, &b, (int)shard, b.taps);
    store_taps(job, &b, job->parts + thread_parts(job) + shard * job->total);
}

/* ---- all ---- */

/* Joins the shards' gradients, where that is not done yet, and stores what they make. */
static void finish_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * CHUNK, count = fv_min(CHUNK, job->total - first);
    float *partials = job->parts + thread_parts(job) + first;
    if (!job->call->split) fv_tree_sum_f32(partials, job->call->shards, count, job->total);
    memcpy((float *)job->call->outputs[0].data + first, partials, (size_t)count * sizeof(float));
}

static void run_by(const fv_call *call, int tile, bool phases) {
    job job = job_of(call, tile, phases);
    if (job.whole) {
        fv_parallel_for(job.blocks, block_unit, &job);
        return;
    }
    fv_parallel_for(job.blocks * fv_shards_here(call), shard_unit, &job);
    if (call->split) fv_shards_join_f32(call, job.parts + thread_parts(&job), job.total, job.total);
    fv_parallel_for(fv_ceil_div(job.total, CHUNK), finish_unit, &job);
}

static double cost_2(const fv_call *call) { return cost_of(call, 2, TRANSFORM_2); }
static double cost_4(const fv_call *call) { return cost_of(call, 4, TRANSFORM_4); }
static int64_t bytes_2(const fv_call *call) { return bytes_of(call, 2, false); }
static int64_t bytes_4(const fv_call *call) { return bytes_of(call, 4, false); }
static void run_2(const fv_call *call) { run_by(call, 2, false); }
static void run_4(const fv_call *call) { run_by(call, 4, false); }

/* ---- stride 2 ---- */

static const char *refuse_phases(const fv_call *call) { return fv_winograd_phases_refuse(call, &call->outputs[0].type); }
static double cost_phases(const fv_call *call) {
    const fv_type *dy = &call->inputs[1].type;
    return fv_winograd_phases_cost(dy, call->inputs[0].type.dims[3], dy->dims[3], TRANSFORM_2);
}
static int64_t bytes_phases(const fv_call *call) { return bytes_of(call, 2, true); }
static void run_phases(const fv_call *call) { run_by(call, 2, true); }

const fv_kernel fv_kernel_conv2d_grad_weights_winograd2_phases_f32_avx2 = {
    .name = "conv2d_grad_weights_winograd2_phases_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_phases,
    .cost = cost_phases,
    .scratch = bytes_phases,
    .run = run_phases,
};

const fv_kernel fv_kernel_conv2d_grad_weights_winograd2_f32_avx2 = {
    .name = "conv2d_grad_weights_winograd2_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_2,
    .scratch = bytes_2,
    .run = run_2,
};

const fv_kernel fv_kernel_conv2d_grad_weights_winograd4_f32_avx2 = {
    .name = "conv2d_grad_weights_winograd4_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_4,
    .scratch = bytes_4,
    .run = run_4,
    .mixed = true,
};
