/* conv2d_grad_weights_winograd4_avx2.c - the gradient of conv2d with respect to its weights by the adjoint of Winograd's
 * F(4×4, 3×3), f32 (winograd4.h).
 *
 * Shards are taken some at a time: first the tiles of all of them are transformed, then each unit makes one block of the
 * gradient, shard by shard: 36 products in the second-level cache, and back to taps. The partial gradients are joined on the
 * way by the fixed tree: a shard's is a part of one; two parts of equal size, side by side, become one; what is left over at
 * the end is joined from the right. So there are never more parts than the tree has levels; where all shards are taken at a
 * time, they are a block's, in the second-level cache. Ranks keep one for each shard instead. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/slab_product.h"
#include "core/cpu/winograd4.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define PLANES FV_WINOGRAD4_PLANES
#define GROUP FV_WINOGRAD4_GROUP
#define TAPS 9
#define APART 80                        /* floats between planes, as in winograd4_product_avx2.c */
#define STAGE_BYTES ((int64_t)6 << 20)  /* of the planes of shards taken at a time; a single shard may need more */
#define WHOLE_BYTES ((int64_t)24 << 20) /* up to this all shards are taken at a time */
#define ROWS_MAX 64                     /* of a block: output channels */
#define COLUMNS 32                      /* of a block: input channels */
#define BLOCKS_WANTED 16                /* with fewer, blocks are cut to 16 rows */
#define SLICE 128                       /* tiles: two panels are 16 KB, in the first-level cache beside 16 rows */
#define UNIT_TILES 4                    /* of a unit of the transforms */
#define BLOCK_PLANE (ROWS_MAX * COLUMNS + GROUP)
#define BLOCK_PART (TAPS * ROWS_MAX * COLUMNS) /* floats of the gradient in a block */
#define TRANSFORM 96 /* FLOPs, with storing and reading again in another stage: pays from 32 channels up */
#define CHUNK 16384  /* floats of a unit of the copy of what ranks have joined */

typedef struct job {
    const fv_call *call;
    fv_winograd4 w;
    int64_t total;       /* floats of the gradient */
    int64_t shard_tiles; /* of the largest shard */
    int64_t together;    /* shards of a stage */
    bool whole;          /* all of them, and this rank has them: parts lie in the block's memory */
    int64_t rows, row_blocks, column_blocks;
    fv_winograd4_planes x, dy;
    float *blocks, *parts; /* each thread's block; the partial gradients */
    int first, count;      /* shards of the stage */
} job;

static fv_winograd4 convolution_of(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    return (fv_winograd4){ .pictures = x->type.dims[0],
                           .tiles = { fv_ceil_div(dy->type.dims[1], FV_WINOGRAD4_TILE),
                                      fv_ceil_div(dy->type.dims[2], FV_WINOGRAD4_TILE) },
                           .x = x->data,
                           .x_size = { x->type.dims[1], x->type.dims[2] },
                           .x_channels = x->type.dims[3],
                           .origin = { -o->padding[0], -o->padding[1] },
                           .dy = dy->data,
                           .y_size = { dy->type.dims[1], dy->type.dims[2] },
                           .y_channels = dy->type.dims[3] };
}

/* Tiles before shard `shard` of those that are here. */
static int64_t tiles_before(const job *job, int shard) {
    return fv_shard_row(job->call, job->w.pictures, shard) * job->w.tiles[0] * job->w.tiles[1];
}

/* Groups of 16 channels are panels: 16 floats of each tile side by side. An odd number of cache lines lies between them. */
static fv_winograd4_planes planes_of(int64_t channels, int64_t tiles) {
    int64_t group = (tiles + 1 - tiles % 2) * GROUP;
    return (fv_winograd4_planes){ .planes = fv_ceil_div(channels, GROUP) * group + APART, .tiles = GROUP, .groups = group };
}

static int levels_of(int shards) {
    int levels = 1;
    while (1 << (levels - 1) < shards) levels++;
    return levels;
}

/* All but where memory lies. */
static job job_of(const fv_call *call) {
    job job = { .call = call, .w = convolution_of(call), .total = fv_type_count(&call->outputs[0].type) };
    int64_t K = job.w.y_channels, C = job.w.x_channels;
    int64_t tiles = job.w.tiles[0] * job.w.tiles[1];
    job.shard_tiles = fv_ceil_div(fv_count_all(call, job.w.pictures), call->shards) * tiles;
    int64_t bytes = PLANES * (fv_round_up(K, GROUP) + fv_round_up(C, GROUP)) * job.shard_tiles * (int64_t)sizeof(float);
    bool whole = bytes * call->shards <= WHOLE_BYTES;
    job.together = whole ? call->shards : fv_max(fv_min(STAGE_BYTES / fv_max(bytes, 1), call->shards), 1);
    job.whole = job.together == call->shards && !call->split;
    job.x = planes_of(C, job.together * job.shard_tiles);
    job.dy = planes_of(K, job.together * job.shard_tiles);
    job.column_blocks = fv_ceil_div(C, COLUMNS);
    job.rows = fv_ceil_div(K, ROWS_MAX) * job.column_blocks < BLOCKS_WANTED ? GROUP : ROWS_MAX;
    job.row_blocks = fv_ceil_div(K, job.rows);
    return job;
}

static const char *refuse(const fv_call *call) { return fv_winograd4_refuse(call, &call->outputs[0].type); }

static double cost(const fv_call *call) {
    const fv_type *dy = &call->inputs[1].type;
    return fv_winograd4_cost(fv_winograd4_tiles(dy), dy->dims[3], call->inputs[0].type.dims[3], TRANSFORM);
}

/* Parts of the whole gradient, and parts in each block's memory: one is needed there for what is copied out. */
static int64_t parts_of(const job *job) {
    if (job->whole) return 0;
    return job->call->split ? job->call->shards : levels_of(job->call->shards);
}
static int64_t block_floats(const job *job) {
    return PLANES * BLOCK_PLANE + (job->whole ? levels_of(job->call->shards) : 1) * BLOCK_PART;
}

static int64_t scratch(const fv_call *call) {
    job job = job_of(call);
    int64_t floats = PLANES * (job.x.planes + job.dy.planes) + call->threads * block_floats(&job) + parts_of(&job) * job.total;
    return floats * (int64_t)sizeof(float);
}

/* ---- transforms ---- */

static void transform_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    const fv_winograd4_vectors *vectors = fv_winograd4_vectors_get();
    int64_t begin = tiles_before(job, job->first), end = tiles_before(job, job->first + job->count);
    int64_t first = unit * UNIT_TILES, count = fv_min(UNIT_TILES, end - begin - first);
    fv_winograd4_planes x = job->x, dy = job->dy;
    x.at += first * GROUP;
    dy.at += first * GROUP;
    vectors->from_x(&job->w, begin + first, count, &x);
    vectors->from_dy(&job->w, begin + first, count, &dy);
}

/* ---- a block ---- */

typedef struct block {
    int64_t row, rows, column, columns;
    float *planes, *taps; /* rows of COLUMNS; whole groups of rows */
} block;

static block block_at(const job *job, int64_t unit, int thread) {
    block b = { .row = unit % job->row_blocks * job->rows, .column = unit / job->row_blocks * COLUMNS };
    b.rows = fv_min(job->rows, job->w.y_channels - b.row);
    b.columns = fv_min(COLUMNS, job->w.x_channels - b.column);
    b.planes = job->blocks + thread * block_floats(job);
    b.taps = b.planes + PLANES * BLOCK_PLANE;
    return b;
}

/* The block's products over the tiles [first, first + count) of the stage. */
static void multiply(const job *job, const block *b, int64_t first, int64_t count) {
    for (int64_t plane = 0; plane < PLANES; plane++) {
        fv_slab_product p = { .a_slab = job->dy.groups,
                              .a_step = GROUP,
                              .b_panel = job->x.groups,
                              .b_step = GROUP,
                              .rows = b->rows,
                              .columns = b->columns,
                              .c = b->planes + plane * BLOCK_PLANE,
                              .c_row = COLUMNS };
        const float *dy = job->dy.at + plane * job->dy.planes + b->row / GROUP * job->dy.groups + first * GROUP;
        const float *x = job->x.at + plane * job->x.planes + b->column / GROUP * job->x.groups + first * GROUP;
        for (int64_t done = 0; done < fv_max(count, 1); done += SLICE) {
            p.a = dy + done * GROUP;
            p.b = x + done * GROUP;
            p.depth = fv_min(SLICE, count - done);
            p.add = done > 0;
            fv_slab_multiply(&p);
        }
    }
}

static int64_t tap_floats(const block *b) { return fv_round_up(b->rows, GROUP) * COLUMNS; }

static void make_taps(const block *b, float *taps) {
    fv_winograd4_vectors_get()->to_taps(b->planes, BLOCK_PLANE, fv_round_up(b->rows, GROUP), taps, tap_floats(b));
}

/* The block's place in a gradient: row k, tap t is columns floats at (k · 9 + t) · C + column. */
static void store_taps(const job *job, const block *b, float *gradient) {
    int64_t tap = tap_floats(b), C = job->w.x_channels;
    for (int64_t k = 0; k < b->rows; k++)
        for (int64_t t = 0; t < TAPS; t++)
            memcpy(gradient + ((b->row + k) * TAPS + t) * C + b->column, b->taps + t * tap + k * COLUMNS,
                   (size_t)b->columns * sizeof(float));
}

/* to += from, where the block lies. */
static void join(const job *job, const block *b, float *to, const float *from) {
    int64_t C = job->w.x_channels;
    for (int64_t row = b->row * TAPS; row < (b->row + b->rows) * TAPS; row++)
        for (int64_t c = b->column; c < b->column + b->columns; c++) to[row * C + c] += from[row * C + c];
}

/* Parts that are there after `shards` shards: one for each bit that is set. */
static int parts_after(int shards) { return __builtin_popcount((unsigned)shards); }

/* The last of the parts that are to be joined once `shard` is there: from the right, down to this one. */
static int joined_down_to(const job *job, int shard) { return shard + 1 == job->call->shards ? 0 : parts_after(shard + 1) - 1; }

static void multiply_shard(const job *job, const block *b, int shard) {
    int64_t begin = tiles_before(job, shard);
    multiply(job, b, begin - tiles_before(job, job->first), tiles_before(job, shard + 1) - begin);
}

/* Shard by shard through parts in the block's own memory. */
static void whole_block(const job *job, const block *b) {
    for (int shard = 0; shard < job->call->shards; shard++) {
        float *part = b->taps + parts_after(shard) * BLOCK_PART;
        multiply_shard(job, b, shard);
        make_taps(b, part);
        for (int top = parts_after(shard); top > joined_down_to(job, shard); top--, part -= BLOCK_PART)
            for (int64_t i = 0; i < TAPS * tap_floats(b); i++) part[i - BLOCK_PART] += part[i];
    }
    store_taps(job, b, job->call->outputs[0].data);
}

/* The same through parts of the whole gradient, of some shards now. */
static void shard_of_block(const job *job, const block *b, int shard) {
    multiply_shard(job, b, shard);
    make_taps(b, b->taps);
    if (job->call->split) {
        store_taps(job, b, job->parts + shard * job->total);
        return;
    }
    float *part = job->parts + parts_after(shard) * job->total;
    store_taps(job, b, part);
    for (int top = parts_after(shard); top > joined_down_to(job, shard); top--, part -= job->total)
        join(job, b, part - job->total, part);
}

static void block_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    block b = block_at(job, unit, thread);
    if (job->whole) whole_block(job, &b);
    for (int s = 0; s < job->count && !job->whole; s++) shard_of_block(job, &b, job->first + s);
}

/* ---- all ---- */

static void copy_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * CHUNK, count = fv_min(CHUNK, job->total - first);
    memcpy((float *)job->call->outputs[0].data + first, job->parts + first, (size_t)count * sizeof(float));
}

static void run(const fv_call *call) {
    job job = job_of(call);
    job.x.at = call->scratch;
    job.dy.at = job.x.at + PLANES * job.x.planes;
    job.blocks = job.dy.at + PLANES * job.dy.planes;
    job.parts = job.blocks + call->threads * block_floats(&job);
    int end = fv_shards_first(call) + fv_shards_here(call);
    for (job.first = fv_shards_first(call); job.first < end; job.first += job.count) {
        job.count = (int)fv_min(job.together, end - job.first);
        int64_t tiles = tiles_before(&job, job.first + job.count) - tiles_before(&job, job.first);
        fv_parallel_for(fv_ceil_div(tiles, UNIT_TILES), transform_unit, &job);
        fv_parallel_for(job.row_blocks * job.column_blocks, block_unit, &job);
    }
    if (job.whole) return;
    if (call->split) fv_shards_join_f32(call, job.parts, job.total, job.total);
    fv_parallel_for(fv_ceil_div(job.total, CHUNK), copy_unit, &job);
}

const fv_kernel fv_kernel_conv2d_grad_weights_winograd4_f32_avx2 = {
    .name = "conv2d_grad_weights_winograd4_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
