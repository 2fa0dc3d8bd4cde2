/* conv2d_grad_weights_gemm_avx2.c - the gradient of conv2d with respect to its weights, f32: per group the product of dy, seen
 * as output channels × pixels, and the gathered pixels of x. The depth of the product is the pixels of a shard of the batch;
 * the shards' partial gradients are joined by the fixed tree.
 *
 * The gradient is cut into blocks. When there are enough of them to keep a team busy, a unit makes all partials of its block
 * and joins them while they are in the cache; a small gradient has units of (block, shard), and its partials are joined
 * afterwards. */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"
#include "core/plan/kernel.h"

#include <string.h>

#define ROWS 132    /* of a block: output channels */
#define COLUMNS 256 /* of a block: elements of a filter */
#define PIXELS 128  /* of a slice of the depth: a panel of x is 8 KB, in the first-level cache beside a tile of dy */
#define BLOCKS_ENOUGH 32
#define CHUNK 4096     /* floats of a unit of the joining afterwards */
#define GATHER_ROWS 16 /* pixels gathered at a time before they go into panels */
#define TILE (PIXELS * FV_GEMM_ROWS + FV_LANES)

/* A thread's scratch; behind the array of them, the partial gradients. */
typedef struct scratch {
    _Alignas(64) float panels[PIXELS * COLUMNS];
    _Alignas(64) float tiles[ROWS / FV_GEMM_ROWS * TILE + FV_LANES];
    _Alignas(64) float gathered[GATHER_ROWS * COLUMNS + FV_LANES];
    float *rows[ROWS];
} scratch;

typedef struct job {
    const fv_call *call;
    int64_t groups, pixels; /* of dy, in one picture */
    int64_t rows, columns;  /* of one group's gradient */
    int64_t row_step, column_step, row_blocks, column_blocks;
    bool join_inside;
    float *partials; /* join_inside: a thread's shards × block; otherwise shards × gradient */
} job;

static job job_of(const fv_call *call) {
    const int64_t *w = call->outputs[0].type.dims, *dy = call->inputs[1].type.dims;
    job job = { .call = call, .groups = ((const fv_conv2d_options *)call->options)->groups, .pixels = dy[1] * dy[2] };
    job.rows = w[0] / job.groups;
    job.columns = w[1] * w[2] * w[3];
    job.row_step = fv_round_up(fv_ceil_div(job.rows, fv_max(fv_ceil_div(job.rows, ROWS), 1)), FV_GEMM_ROWS);
    job.column_step = fv_round_up(fv_ceil_div(job.columns, fv_max(fv_ceil_div(job.columns, COLUMNS), 1)), FV_GEMM_COLUMNS);
    job.row_blocks = fv_ceil_div(job.rows, fv_max(job.row_step, 1));
    job.column_blocks = fv_ceil_div(job.columns, fv_max(job.column_step, 1));
    job.join_inside = job.groups * job.row_blocks * job.column_blocks >= BLOCKS_ENOUGH;
    job.partials = (float *)((scratch *)call->scratch + call->threads);
    return job;
}

static int64_t scratch_bytes(const fv_call *call) {
    job job = job_of(call);
    int64_t partials = job.join_inside ? call->threads * job.row_step * job.column_step : job.groups * job.rows * job.columns;
    return call->threads * (int64_t)sizeof(scratch) + call->shards * partials * (int64_t)sizeof(float);
}

typedef struct block {
    int64_t group, row, rows, column, columns;
} block;

static block block_at(const job *job, int64_t index) {
    block b = { .row = index % job->row_blocks * job->row_step };
    index /= job->row_blocks;
    b.column = index % job->column_blocks * job->column_step;
    b.group = index / job->column_blocks;
    b.rows = fv_min(job->row_step, job->rows - b.row);
    b.columns = fv_min(job->column_step, job->columns - b.column);
    return b;
}

/* Pixels [first, first + count) of x as panels: one tap's channels where they fill panels, otherwise rows, a few at a time
 * while they are in the first-level cache. */
static void make_panels(const fv_gather *g, const block *b, int64_t first, int64_t count, scratch *own) {
    if (g->channels % FV_GEMM_COLUMNS == 0) {
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gather_panel_avx2(g, first, count, b->column + j, own->panels + j * PIXELS);
        return;
    }
    for (int64_t i = 0; i < count; i += GATHER_ROWS) {
        int64_t rows = fv_min(GATHER_ROWS, count - i);
        fv_gather_avx2(g, first + i, rows, b->column, b->column + b->columns, COLUMNS, own->gathered);
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gemm_pack_b_avx2(own->gathered + j, COLUMNS, 1, rows, FV_GEMM_COLUMNS,
                                own->panels + j * PIXELS + i * FV_GEMM_COLUMNS);
    }
}

/* The partial gradient of one shard for one block, into rows `stride` floats apart. */
static void add_up(const job *job, const block *b, int shard, scratch *own, float *to, int64_t stride) {
    const fv_call *call = job->call;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    fv_gather g = fv_gather_forward(call->options, &x->type, &call->outputs[0].type, &dy->type, x->data, b->group);
    int64_t pictures = dy->type.dims[0], channels = dy->type.dims[3];
    int64_t begin = fv_shard_begin(pictures, call->shards, shard) * job->pixels;
    int64_t end = fv_shard_begin(pictures, call->shards, shard + 1) * job->pixels;
    int64_t slices = fv_max(fv_ceil_div(end - begin, PIXELS), 1), slice = fv_max(fv_ceil_div(end - begin, slices), 1);
    const float *rows = (const float *)dy->data + b->group * job->rows + b->row;
    for (int64_t i = 0; i < b->rows; i++) own->rows[i] = to + i * stride;
    fv_gemm_block gemm = { .rows = b->rows,
                           .columns = b->columns,
                           .a = own->tiles,
                           .a_tile = TILE,
                           .a_row = 1,
                           .a_step = FV_GEMM_ROWS,
                           .b = own->panels,
                           .b_panel = PIXELS * FV_GEMM_COLUMNS,
                           .c = own->rows };
    for (int64_t first = begin; first < end || first == begin; first += slice) {
        gemm.depth = fv_min(slice, end - first);
        gemm.add = first > begin;
        make_panels(&g, b, first, gemm.depth, own);
        fv_gemm_pack_a_avx2(rows + first * channels, channels, gemm.depth, b->rows, TILE, own->tiles);
        fv_gemm_block_avx2(&gemm);
    }
}

static void run_block(void *context, int64_t unit, int thread) {
    const job *job = context;
    const fv_call *call = job->call;
    block b = block_at(job, unit);
    int64_t size = b.rows * b.columns;
    scratch *own = (scratch *)call->scratch + thread;
    float *partials = job->partials + thread * call->shards * job->row_step * job->column_step;
    for (int s = 0; s < call->shards; s++) add_up(job, &b, s, own, partials + s * size, b.columns);
    fv_tree_sum_f32(partials, call->shards, size, size);
    float *to = (float *)call->outputs[0].data + (b.group * job->rows + b.row) * job->columns + b.column;
    for (int64_t i = 0; i < b.rows; i++)
        memcpy(to + i * job->columns, partials + i * b.columns, (size_t)b.columns * sizeof *to);
}

static void run_shard(void *context, int64_t unit, int thread) {
    const job *job = context;
    int shards = job->call->shards;
    block b = block_at(job, unit / shards);
    float *partial = job->partials + unit % shards * job->groups * job->rows * job->columns;
    float *to = partial + (b.group * job->rows + b.row) * job->columns + b.column;
    add_up(job, &b, (int)(unit % shards), (scratch *)job->call->scratch + thread, to, job->columns);
}

static void join(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t total = job->groups * job->rows * job->columns, first = unit * CHUNK, count = fv_min(CHUNK, total - first);
    fv_tree_sum_f32(job->partials + first, job->call->shards, count, total);
    memcpy((float *)job->call->outputs[0].data + first, job->partials + first, (size_t)count * sizeof(float));
}

static void run(const fv_call *call) {
    job job = job_of(call);
    int64_t blocks = job.groups * job.row_blocks * job.column_blocks;
    if (job.join_inside) {
        fv_parallel_for(blocks, run_block, &job);
    } else {
        fv_parallel_for(blocks * call->shards, run_shard, &job);
        fv_parallel_for(fv_ceil_div(job.groups * job.rows * job.columns, CHUNK), join, &job);
    }
}

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static double cost(const fv_call *call) {
    job job = job_of(call);
    return fv_cost_gemm((double)job.rows, (double)job.columns, (double)(call->inputs[1].type.dims[0] * job.pixels),
                        (double)job.groups, FV_COST_AVX2_FLOPS);
}

const fv_kernel fv_kernel_conv2d_grad_weights_gemm_f32_avx2 = {
    .name = "conv2d_grad_weights_gemm_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch_bytes,
    .run = run,
};
