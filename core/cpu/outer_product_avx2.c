/* shared: outer_product_avx2.c - how weight gradients are cut and summed (outer_product_avx2.h).
 *
 * The gradient is cut into blocks. When there are enough of them to keep a team busy, a unit makes all partials of its block
 * and joins them on the way: two as soon as both are there, where the second one is stored. A small gradient has units of
 * (block, shard), and its partials are joined afterwards, as they are where several ranks have a part in them. */
#include "core/cpu/outer_product_avx2.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/rounded_product.h"
#include "core/cpu/slab_product.h"

#define ROWS 128    /* of a block of the gradient */
#define COLUMNS 256 /* of a block */
#define WIDE 2    /* so many times as many rows, of as many fewer columns, where each block of rows gathers the columns again */
#define DEPTH 128 /* of a slice: two panels of x are 16 KB, in the first-level cache beside a slab of dy */
/* Floats of a slab or panel: an odd number of lines, which do not compete for their place in the cache. */
#define LINES ((DEPTH + 1) * FV_SLAB)
#define PAIR_LINES ((DEPTH / 2 + 1) * FV_SLAB) /* pairs of one of pairs */
#define BLOCKS_ENOUGH 32                       /* to keep a team busy, */
#define BLOCKS_OF_A_THREAD 4                   /* or so many for each of few threads */
#define CHUNK 4096                             /* floats of a unit of the joining afterwards */
#define GATHER_ROWS 16                         /* gathered at a time before they go into panels */

/* A thread's scratch; behind the array of them, the partial gradients. */
typedef struct scratch {
    _Alignas(64) float panels[COLUMNS / FV_SLAB * 2 * PAIR_LINES]; /* a pair may take two floats */
    _Alignas(64) float slabs[WIDE * ROWS / FV_SLAB * 2 * PAIR_LINES];
    _Alignas(64) float gathered[GATHER_ROWS * COLUMNS + FV_LANES];
    _Alignas(64) float block[ROWS * COLUMNS];
} scratch;

typedef struct job {
    const fv_call *call;
    fv_outer_product_at at;
    int64_t rows, columns; /* of one product's gradient */
    int64_t row_step, column_step, row_blocks, column_blocks, blocks;
    int64_t total;   /* floats of all gradients */
    float *partials; /* joined inside: each thread's kept × block; afterwards: shards × total */
} job;

static int64_t step_of(int64_t length, int64_t most, int64_t multiple) {
    return fv_max(fv_round_up(fv_ceil_div(length, fv_max(fv_ceil_div(length, most), 1)), multiple), multiple);
}

static job job_of(const fv_call *call, fv_outer_product_at at, int64_t count) {
    fv_outer_product first = at(call, 0);
    job job = { .call = call, .at = at, .rows = first.rows, .columns = fv_gather_depth(&first.gather) };
    int64_t wide = fv_gather_is_plain(&first.gather) || job.rows <= ROWS ? 1 : WIDE;
    job.row_step = step_of(job.rows, wide * ROWS, FV_SLAB);
    job.column_step = step_of(job.columns, COLUMNS / wide, FV_GEMM_COLUMNS);
    job.row_blocks = fv_ceil_div(job.rows, job.row_step);
    job.column_blocks = fv_ceil_div(job.columns, job.column_step);
    job.blocks = count * job.row_blocks * job.column_blocks;
    job.total = count * job.rows * job.columns;
    return job;
}

/* What ranks exchange is exchanged after all of it is there. */
static bool joins_inside(const job *job) {
    return job->blocks >= fv_min(BLOCKS_ENOUGH, BLOCKS_OF_A_THREAD * job->call->threads) && !job->call->split;
}

/* Partials of a block that are there at once, when they are joined inside: one of each size 1, 2, 4 … and the newest. */
static int64_t kept_of(int64_t shards) {
    int64_t kept = 1;
    while (shards >> kept) kept++;
    return kept;
}

int64_t fv_outer_products_scratch_avx2(const fv_call *call, fv_outer_product_at at, int64_t count) {
    job job = job_of(call, at, count);
    int64_t partials =
        joins_inside(&job) ? call->threads * kept_of(call->shards) * job.row_step * job.column_step : call->shards * job.total;
    return call->threads * (int64_t)sizeof(scratch) + partials * (int64_t)sizeof(float);
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

/* The first `channels` of `count` rows, `row` floats apart, as lines of 16 channels: slabs of dy, or panels of x where that
 * lies as it is wanted. Row by row, as memory is read best. */
static void make_lines(const float *from, int64_t row, int64_t channels, int64_t count, float *to) {
    int64_t whole = channels / FV_LANES * FV_LANES, left = channels - whole;
    for (int64_t n = 0; n < count; n++, from += row, to += FV_SLAB) {
        for (int64_t c = 0; c < whole; c += FV_LANES)
            _mm256_storeu_ps(to + c / FV_SLAB * LINES + c % FV_SLAB, _mm256_loadu_ps(from + c));
        if (left) _mm256_storeu_ps(to + whole / FV_SLAB * LINES + whole % FV_SLAB, fv_load_tail_avx2(from + whole, left));
        if (fv_round_up(channels, FV_LANES) % FV_SLAB) /* the last line's other half */
            _mm256_storeu_ps(to + channels / FV_SLAB * LINES + FV_LANES, _mm256_setzero_ps());
    }
}

/* Does each pixel of the grid see one pixel of the picture, as with a 1×1 filter of any stride without padding? */
static bool is_grid_of_pixels(const fv_gather *g) {
    return g->taps[0] == 1 && g->taps[1] == 1 && !g->offset[0] && !g->offset[1] && (g->grid[0] - 1) * g->step[0] < g->height &&
           (g->grid[1] - 1) * g->step[1] < g->width;
}

/* Where grid pixel `row` has its channels, from the block's first on, in such a picture. */
static const float *pixel_at(const fv_gather *g, const block *b, int64_t row) {
    int64_t j = row % g->grid[1], i = row / g->grid[1] % g->grid[0], n = row / g->grid[1] / g->grid[0];
    return (const float *)g->from + ((n * g->height + i * g->step[0]) * g->width + j * g->step[1]) * g->pixel + b->column;
}

/* Rows [first, first + count) of x as panels: pixels a grid row at a time, one tap's channels where they fill panels, otherwise
 * rows, a few at a time while they are in the first-level cache. */
static void make_panels(const fv_gather *g, const block *b, int64_t first, int64_t count, scratch *own) {
    if (fv_gather_is_plain(g)) {
        make_lines((const float *)g->from + first * g->pixel + b->column, g->pixel, b->columns, count, own->panels);
        return;
    }
    if (is_grid_of_pixels(g)) {
        for (int64_t i = 0, run; i < count; i += run) {
            run = fv_min(count - i, g->grid[1] - (first + i) % g->grid[1]);
            make_lines(pixel_at(g, b, first + i), g->step[1] * g->pixel, b->columns, run, own->panels + i * FV_SLAB);
        }
        return;
    }
    if (g->channels % FV_GEMM_COLUMNS == 0) {
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gather_panel_avx2(g, first, count, b->column + j, own->panels + j / FV_GEMM_COLUMNS * LINES);
        return;
    }
    for (int64_t i = 0; i < count; i += GATHER_ROWS) {
        int64_t rows = fv_min(GATHER_ROWS, count - i);
        fv_gather_avx2(g, first + i, rows, b->column, b->column + b->columns, COLUMNS, own->gathered);
        for (int64_t j = 0; j < b->columns; j += FV_GEMM_COLUMNS)
            fv_gemm_pack_b_avx2(own->gathered + j, COLUMNS, 1, rows, FV_GEMM_COLUMNS,
                                own->panels + j / FV_GEMM_COLUMNS * LINES + i * FV_GEMM_COLUMNS);
    }
}

/* Where a slice's rows of dy begin, and its rows of x where no gathering is needed. */
static const float *dy_at(const fv_outer_product *p, const block *b, int64_t first) {
    return (const float *)p->dy + first * p->dy_row + b->row;
}
static const float *x_at(const fv_outer_product *p, const block *b, int64_t first) {
    return (const float *)p->gather.from + first * p->gather.pixel + b->column;
}

static fv_slab_ahead rows_ahead(const float *at, int64_t row, int64_t rows, int64_t floats) {
    return (fv_slab_ahead){ .at = at, .row = row, .rows = rows, .floats = floats };
}

/* The grid rows in which `count` pixels from `first` on lie; counted on as if pictures ended with the last of them. */
static fv_slab_ahead grid_ahead(const fv_gather *g, const block *b, int64_t first, int64_t count) {
    int64_t column = first % g->grid[1];
    fv_slab_ahead ahead = rows_ahead(pixel_at(g, b, first - column), g->step[1] * g->pixel, g->grid[1], b->columns);
    ahead.more = (column + count - 1) / g->grid[1];
    ahead.line = g->step[0] * g->width * g->pixel;
    return ahead;
}

/* Number `at` of what may be bf16. */
static const void *number_at(bool narrow, const void *data, int64_t at) {
    return (const char *)data + at * (int64_t)(narrow ? sizeof(uint16_t) : sizeof(float));
}

/* Both operands of the slice [first, first + count): read where they lie if lines of 16 channels can be cut from them there,
 * else copied. And what comes after it, `ahead` rows. */
static void set_operands(const fv_outer_product *p, const block *b, int64_t first, int64_t count, int64_t ahead, scratch *own,
                         fv_slab_product *product) {
    bool plain = fv_gather_is_plain(&p->gather);
    product->depth = count;
    if (b->rows % FV_SLAB == 0) {
        product->a = dy_at(p, b, first), product->a_slab = FV_SLAB, product->a_step = p->dy_row;
    } else {
        make_lines(dy_at(p, b, first), p->dy_row, b->rows, count, own->slabs);
        product->a = own->slabs, product->a_slab = LINES, product->a_step = FV_SLAB;
    }
    if (plain && b->columns % FV_SLAB == 0) {
        product->b = x_at(p, b, first), product->b_panel = FV_SLAB, product->b_step = p->gather.pixel;
    } else {
        make_panels(&p->gather, b, first, count, own);
        product->b = own->panels, product->b_panel = LINES, product->b_step = FV_SLAB;
    }
    product->ahead[0] = rows_ahead(dy_at(p, b, first + count), p->dy_row, ahead, b->rows);
    if (plain) product->ahead[1] = rows_ahead(x_at(p, b, first + count), p->gather.pixel, ahead, b->columns);
    if (!plain && ahead > 0 && is_grid_of_pixels(&p->gather))
        product->ahead[1] = grid_ahead(&p->gather, b, first + count, ahead);
}

/* Rows, some floats or bf16 apart, as lines of pairs. */
static void pair_lines(bool narrow, const void *from, int64_t row, int64_t channels, int64_t count, float *to) {
    if (narrow)
        fv_pair_lines(from, row, channels, count, PAIR_LINES, to);
    else
        fv_round_lines(from, row, channels, count, PAIR_LINES, to);
}

/* Rows [first, first + count) of x as panels of pairs. */
static void round_panels(const fv_outer_product *p, const block *b, int64_t first, int64_t count, scratch *own) {
    const fv_gather *g = &p->gather;
    if (fv_gather_is_plain(g)) {
        pair_lines(p->x_narrow, number_at(p->x_narrow, g->from, first * g->pixel + b->column), g->pixel, b->columns, count,
                   own->panels);
        return;
    }
    for (int64_t i = 0; i < count; i += GATHER_ROWS) {
        int64_t rows = fv_min(GATHER_ROWS, count - i), end = b->column + b->columns;
        if (p->x_narrow)
            fv_gather_halves(g, first + i, rows, b->column, end, COLUMNS, own->gathered);
        else
            fv_gather_avx2(g, first + i, rows, b->column, end, COLUMNS, own->gathered);
        pair_lines(p->x_narrow, own->gathered, COLUMNS, b->columns, rows, own->panels + i / 2 * FV_SLAB * fv_rounded_pair());
    }
}

/* What is asked for ahead, in floats. */
static fv_slab_ahead ahead_of(bool narrow, const void *data, int64_t at, int64_t row, int64_t rows, int64_t numbers) {
    int share = narrow ? 2 : 1;
    return rows_ahead(number_at(narrow, data, at), row / share, rows, numbers / share);
}

static void set_rounded_operands(const fv_outer_product *p, const block *b, int64_t first, int64_t count, int64_t ahead,
                                 scratch *own, fv_slab_product *product) {
    const fv_gather *g = &p->gather;
    int64_t next = first + count;
    pair_lines(p->dy_narrow, number_at(p->dy_narrow, p->dy, first * p->dy_row + b->row), p->dy_row, b->rows, count, own->slabs);
    round_panels(p, b, first, count, own);
    product->depth = fv_ceil_div(count, 2);
    product->a = own->slabs, product->a_slab = PAIR_LINES, product->a_step = FV_SLAB;
    product->b = own->panels, product->b_panel = PAIR_LINES, product->b_step = FV_SLAB;
    product->ahead[0] = ahead_of(p->dy_narrow, p->dy, next * p->dy_row + b->row, p->dy_row, ahead, b->rows);
    if (fv_gather_is_plain(g))
        product->ahead[1] = ahead_of(p->x_narrow, g->from, next * g->pixel + b->column, g->pixel, ahead, b->columns);
}

/* Where the partial gradient of a shard for a block goes: its slices add up in `own`; the last one is also added to partials
 * that are there already, then to `to` if that is one of them, and stored there. */
typedef struct target {
    float *own, *to;
    int64_t stride, to_row; /* floats from row to row of own and onto; of `to` */
    const float *onto[FV_SLAB_ONTO - 1];
    int onto_count;
    bool add; /* to what `to` holds */
} target;

/* At the last shard: one partial for each bit of the shards before it, and the slices of its own. */
_Static_assert(1 << (FV_SLAB_ONTO - 1) >= FV_SHARDS_MAX, "partials of all shards are joined at once");

/* The last slice, which is to be added to the others in `own`. */
static void end_at(const target *t, fv_slab_product *product) {
    if (product->add && t->to != t->own) product->onto[product->onto_count++] = t->own;
    for (int i = 0; i < t->onto_count; i++) product->onto[product->onto_count++] = t->onto[i];
    product->add = t->add || (product->add && t->to == t->own);
    product->c = t->to, product->c_row = t->to_row;
}

/* Written up to a multiple of 16 rows and columns. */
static void add_up(const job *job, const block *b, int shard, scratch *own, const target *t) {
    const fv_call *call = job->call;
    fv_outer_product p = job->at(call, b->product);
    int64_t pixels = p.gather.grid[0] * p.gather.grid[1], all = p.pictures * pixels;
    int64_t begin = fv_shard_row(call, p.pictures, shard) * pixels, end = fv_shard_row(call, p.pictures, shard + 1) * pixels;
    int64_t slices = fv_max(fv_ceil_div(end - begin, DEPTH), 1), slice = fv_max(fv_ceil_div(end - begin, slices), 1);
    fv_slab_product product = {
        .rows = b->rows, .columns = b->columns, .c = t->own, .c_row = t->stride, .onto_row = t->stride
    };
    for (int64_t s = 0; s < slices; s++) {
        int64_t first = begin + s * slice, last = fv_max(fv_min(first + slice, end), first);
        product.add = s > 0;
        if (s + 1 == slices) end_at(t, &product);
        (p.rounded ? set_rounded_operands : set_operands)(&p, b, first, last - first, fv_max(fv_min(slice, all - last), 0), own,
                                                          &product);
        (p.rounded ? fv_rounded_slab_multiply : fv_slab_multiply)(&product);
    }
}

/* Whole slabs and panels are written. */
static int64_t stride_of(const block *b) { return fv_round_up(b->columns, FV_SLAB); }

static void copy_rows(const block *b, const float *from, float *to, int64_t stride) {
    for (int64_t i = 0; i < b->rows; i++) memcpy(to + i * stride, from + i * stride_of(b), (size_t)b->columns * sizeof(float));
}

/* All partials of a block. Neighbours are joined as fv_tree_sum_f32 does it: a partial is added to those of 1, 2, 4 … shards in
 * front of it as far as they make a whole subtree, the last one to all that are left. */
static void run_block(void *context, int64_t unit, int thread) {
    const job *job = context;
    const fv_call *call = job->call;
    block b = block_at(job, unit);
    int64_t stride = stride_of(&b), size = fv_round_up(b.rows, FV_SLAB) * stride;
    float *partials = job->partials + thread * kept_of(call->shards) * job->row_step * job->column_step;
    float *to = (float *)call->outputs[0].data + (b.product * job->rows + b.row) * job->columns + b.column;
    bool whole = b.rows % FV_SLAB == 0 && b.columns % FV_SLAB == 0;
    int64_t kept = 0;
    for (int s = 0; s < call->shards; s++) {
        bool last = s + 1 == call->shards;
        target t = { .own = partials + kept * size, .stride = stride, .to_row = stride };
        bool out = last && whole; /* else to the lowest of those that it is added to */
        for (int made = s + 1; kept > 0 && (last || made % 2 == 0); made /= 2)
            t.onto[t.onto_count++] = partials + --kept * size;
        t.add = t.onto_count > 0 && !out;
        t.onto_count -= t.add;
        t.to = partials + kept++ * size;
        if (out) t.to = to, t.to_row = job->columns;
        add_up(job, &b, s, (scratch *)call->scratch + thread, &t);
    }
    if (!whole) copy_rows(&b, partials, to, job->columns);
}

static void run_shard(void *context, int64_t unit, int thread) {
    const job *job = context;
    int64_t here = fv_shards_here(job->call), shard = fv_shards_first(job->call) + unit % here;
    block b = block_at(job, unit / here);
    float *to = job->partials + shard * job->total + (b.product * job->rows + b.row) * job->columns + b.column;
    scratch *own = (scratch *)job->call->scratch + thread;
    if (b.rows % FV_SLAB == 0 && b.columns % FV_SLAB == 0) {
        add_up(job, &b, (int)shard, own, &(target){ .own = to, .to = to, .stride = job->columns, .to_row = job->columns });
        return;
    }
    add_up(job, &b, (int)shard, own,
           &(target){ .own = own->block, .to = own->block, .stride = stride_of(&b), .to_row = stride_of(&b) });
    copy_rows(&b, own->block, to, job->columns);
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
