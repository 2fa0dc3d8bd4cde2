/* shared: outer_product_avx2.c - how weight gradients are cut and summed (outer_product_avx2.h).
 *
 * The gradient is cut into blocks. When there are enough of them to keep a team busy, a unit makes all partials of its block
 * and joins them while they are in the cache; a small gradient has units of (block, shard), and its partials are joined
 * afterwards, as they are where several ranks have a part in them. */
#include "core/cpu/outer_product_avx2.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"

#define ROWS 132    /* of a block of the gradient */
#define COLUMNS 256 /* of a block */
#define DEPTH 128   /* of a slice: a panel of x is 8 KB, in the first-level cache beside a tile of dy */
#define BLOCKS_ENOUGH 32
#define CHUNK 4096     /* floats of a unit of the joining afterwards */
#define GATHER_ROWS 16 /* gathered at a time before they go into panels */
#define TILE (DEPTH * FV_GEMM_ROWS + FV_LANES)

/* A thread's scratch; behind the array of them, the partial gradients. */
typedef struct scratch {
    _Alignas(64) float panels[DEPTH * COLUMNS];
    _Alignas(64) float tiles[ROWS / FV_GEMM_ROWS * TILE + FV_LANES];
    _Alignas(64) float gathered[GATHER_ROWS * COLUMNS + FV_LANES];
    float *rows[ROWS];
} scratch;

typedef struct job {
    const fv_call *call;
    fv_outer_product_at at;
    int64_t rows, columns; /* of one product's gradient */
    int64_t row_step, column_step, row_blocks, column_blocks, blocks;
    int64_t total;   /* floats of all gradients */
    float *partials; /* joined inside: each thread's shards × block; afterwards: shards × total */
} job;

static int64_t step_of(int64_t length, int64_t most, int64_t multiple) {
    return fv_max(fv_round_up(fv_ceil_div(length, fv_max(fv_ceil_div(length, most), 1)), multiple), multiple);
}

static job job_of(const fv_call *call, fv_outer_product_at at, int64_t count) {
    fv_outer_product first = at(call, 0);
    job job = { .call = call, .at = at, .rows = first.rows, .columns = fv_gather_depth(&first.gather) };
    job.row_step = step_of(job.rows, ROWS, FV_GEMM_ROWS);
    job.column_step = step_of(job.columns, COLUMNS, FV_GEMM_COLUMNS);
    job.row_blocks = fv_ceil_div(job.rows, job.row_step);
    job.column_blocks = fv_ceil_div(job.columns, job.column_step);
    job.blocks = count * job.row_blocks * job.column_blocks;
    job.total = count * job.rows * job.columns;
    return job;
}

/* What ranks exchange is exchanged after all of it is there. */
static bool joins_inside(const job *job) { return job->blocks >= BLOCKS_ENOUGH && !job->call->split; }

int64_t fv_outer_products_scratch_avx2(const fv_call *call, fv_outer_product_at at, int64_t count) {
    job job = job_of(call, at, count);
    int64_t partials = joins_inside(&job) ? call->threads * job.row_step * job.column_step : job.total;
    return call->threads * (int64_t)sizeof(scratch) + call->shards * partials * (int64_t)sizeof(float);
}

typedef struct block {
    int64_t product, row, rows, column, columns;
} block;

static block block_at(const job *job, int64_t index) {
    block b = { .row = index % job->row_blocks * job->row_step };
    index /= job->row_blocks;
    b.column = index % job->column_blocks * job->column_step;
    b.product = index / job->column_blocks;
    b.rows = fv_min(job->row_step, job->rows - b.row);
    b.columns = fv_min(job->column_step, job->columns - b.column);
    return b;
}

/* Rows [first, first + count) of x as panels: one tap's channels where they fill panels, otherwise rows, a few at a time while
 * they are in the first-level cache. */
static void make_panels(const fv_gather *g, const block *b, int64_t first, int64_t count, scratch *own) {
    if (g->channels % FV_GEMM_COLUMNS == 0) {
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gather_panel_avx2(g, first, count, b->column + j, own->panels + j * DEPTH);
        return;
    }
    for (int64_t i = 0; i < count; i += GATHER_ROWS) {
        int64_t rows = fv_min(GATHER_ROWS, count - i);
        fv_gather_avx2(g, first + i, rows, b->column, b->column + b->columns, COLUMNS, own->gathered);
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gemm_pack_b_avx2(own->gathered + j, COLUMNS, 1, rows, FV_GEMM_COLUMNS,
                                own->panels + j * DEPTH + i * FV_GEMM_COLUMNS);
    }
}

/* The partial gradient of one shard for one block, into rows `stride` floats apart. */
static void add_up(const job *job, const block *b, int shard, scratch *own, float *to, int64_t stride) {
    const fv_call *call = job->call;
    fv_outer_product p = job->at(call, b->product);
    int64_t pixels = p.gather.grid[0] * p.gather.grid[1];
    int64_t begin = fv_shard_row(call, p.pictures, shard) * pixels, end = fv_shard_row(call, p.pictures, shard + 1) * pixels;
    int64_t slices = fv_max(fv_ceil_div(end - begin, DEPTH), 1), slice = fv_max(fv_ceil_div(end - begin, slices), 1);
    for (int64_t i = 0; i < b->rows; i++) own->rows[i] = to + i * stride;
    fv_gemm_block gemm = {
        .rows = b->rows,
        .columns = b->columns,
        .a = own->tiles,
        .a_tile = TILE,
        .a_row = 1,
        .a_step = FV_GEMM_ROWS,
        .b = own->panels,
        .b_panel = DEPTH * FV_GEMM_COLUMNS,
        .c = own->rows,
    };
    for (int64_t s = 0; s < slices; s++) {
        int64_t first = begin + s * slice;
        gemm.depth = fv_max(fv_min(slice, end - first), 0);
        gemm.add = s > 0;
        make_panels(&p.gather, b, first, gemm.depth, own);
        fv_gemm_pack_a_avx2(p.dy + first * p.dy_row + b->row, p.dy_row, gemm.depth, b->rows, TILE, own->tiles);
        fv_gemm_multiply(&gemm);
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
    float *to = (float *)call->outputs[0].data + (b.product * job->rows + b.row) * job->columns + b.column;
    for (int64_t i = 0; i < b.rows; i++)
        memcpy(to + i * job->columns, partials + i * b.columns, (size_t)b.columns * sizeof *to);
}

static void run_shard(void *context, int64_t unit, int thread) {
    const job *job = context;
    int64_t here = fv_shards_here(job->call), shard = fv_shards_first(job->call) + unit % here;
    block b = block_at(job, unit / here);
    float *to = job->partials + shard * job->total + (b.product * job->rows + b.row) * job->columns + b.column;
    add_up(job, &b, (int)shard, (scratch *)job->call->scratch + thread, to, job->columns);
}

/* Joins the partials, where that is not done yet, and stores what they make. */
static void finish(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * CHUNK, count = fv_min(CHUNK, job->total - first);
    if (!job->call->split) fv_tree_sum_f32(job->partials + first, job->call->shards, count, job->total);
    memcpy((float *)job->call->outputs[0].data + first, job->partials + first, (size_t)count * sizeof(float));
}

void fv_outer_products_avx2(const fv_call *call, fv_outer_product_at at, int64_t count) {
    job job = job_of(call, at, count);
    job.partials = (float *)((scratch *)call->scratch + call->threads);
    if (joins_inside(&job)) {
        fv_parallel_for(job.blocks, run_block, &job);
    } else {
        fv_parallel_for(job.blocks * fv_shards_here(call), run_shard, &job);
        if (call->split) fv_shards_join_f32(call, job.partials, job.total, job.total);
        fv_parallel_for(fv_ceil_div(job.total, CHUNK), finish, &job);
    }
}
