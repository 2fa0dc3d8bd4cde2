/* shared: panel_product_avx2.c - how products are cut and run (panel_product_avx2.h). */
#include "core/cpu/panel_product_avx2.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/norm_rows.h"
#include "core/cpu/rounded_product.h"

#define STRIDE (FV_PANEL_DEPTH + 16)
#define ROWS 96         /* of a unit: its slice of a is 120 KB, in the second-level cache */
#define ROWS_MOST 102   /* of a unit that is cut shard by shard: two pictures of 7² are one */
#define UNITS_WANTED 32 /* enough to keep a team busy; with fewer blocks of pixels the channels are cut too */
#define COLUMNS_MIN 64  /* but not finer: each cut gathers the pixels again */

/* How the first product is cut, and so all of them. */
typedef struct cut {
    int64_t row_blocks, columns, column_blocks;
} cut;

static int64_t row_count(const fv_panel_product *p) { return p->pictures * p->gather.grid[0] * p->gather.grid[1]; }

static cut cut_into(const fv_panel_product *p, int64_t row_blocks) {
    cut c = { .row_blocks = row_blocks };
    int64_t parts = fv_min(fv_ceil_div(UNITS_WANTED, fv_max(c.row_blocks, 1)), fv_max(p->columns / COLUMNS_MIN, 1));
    c.columns = fv_max(fv_round_up(fv_ceil_div(p->columns, parts), FV_GEMM_COLUMNS), FV_GEMM_COLUMNS);
    c.column_blocks = fv_ceil_div(p->columns, c.columns);
    return c;
}
static cut cut_of(const fv_panel_product *p) { return cut_into(p, fv_ceil_div(row_count(p), ROWS)); }

/* Where a unit's results go, counted from p->y; and, where they are f32, as addresses, and what is read beside them. */
typedef struct unit_rows {
    int64_t at[ROWS_MOST];
    float *c[ROWS_MOST];
    const float *other[ROWS_MOST], *slope[ROWS_MOST];
} unit_rows;

/* A thread's scratch: the gathered slice and where its results go. Rows are an odd number of cache lines apart. */
typedef struct scratch {
    _Alignas(64) float gathered[ROWS_MOST * STRIDE + FV_LANES];
    unit_rows rows;
} scratch;

typedef struct job {
    const fv_call *call;
    fv_panel_product_at at;
    cut cut;
    /* Of statistics: how many blocks of rows a shard has at most, and each block's sums, by column in three lines
     * (gemm_avx2.h); NULL: none, and shards do not matter. */
    int64_t shard_blocks;
    float *sums;
    int64_t sums_line;
} job;

/* ---- blocks of rows that are of one shard ---- */

static int64_t shard_row(const fv_call *call, int64_t shard) {
    const int64_t *y = call->outputs[0].type.dims;
    return fv_shard_row(call, y[0], shard) * y[1] * y[2];
}

/* Block number `index` of a shard: how many rows it has, and the first. None has more than ROWS_MOST, all but the last whole
 * tiles; there may be none. */
static int64_t shard_block(const fv_call *call, int64_t shard, int64_t index, int64_t *first) {
    int64_t begin = shard_row(call, shard), rows = shard_row(call, shard + 1) - begin;
    int64_t blocks = fv_max(fv_ceil_div(rows, ROWS_MOST), 1), each = fv_round_up(fv_ceil_div(rows, blocks), FV_GEMM_ROWS);
    *first = begin + index * each;
    return fv_min(each, rows - index * each);
}

static int64_t shard_blocks(const fv_call *call) {
    int64_t most = 0, first = fv_shards_first(call);
    for (int64_t s = first; s < first + fv_shards_here(call); s++)
        most = fv_max(most, shard_row(call, s + 1) - shard_row(call, s));
    return fv_max(fv_ceil_div(most, ROWS_MOST), 1);
}

/* Rows of block `index` of a product, and the first. */
static int64_t block_rows(const job *job, const fv_panel_product *p, int64_t index, int64_t *first) {
    if (job->sums)
        return shard_block(job->call, fv_shards_first(job->call) + index / job->shard_blocks, index % job->shard_blocks, first);
    *first = index * ROWS;
    return fv_min(ROWS, row_count(p) - *first);
}

/* ---- units ---- */

/* Where rows of the result begin, and of what is read beside them. */
static void find_rows(const fv_panel_product *p, int64_t first, int64_t count, unit_rows *rows) {
    const int64_t *grid = p->gather.grid;
    int64_t j = first % grid[1], i = first / grid[1] % grid[0], n = first / grid[1] / grid[0];
    for (int64_t row = 0; row < count; row++) {
        int64_t h = i * p->step[0] + p->origin[0], w = j * p->step[1] + p->origin[1];
        int64_t at = ((n * p->height + h) * p->width + w) * p->pixel;
        rows->at[row] = at;
        if (!p->y_narrow) rows->c[row] = (float *)p->y + at;
        if (p->other) rows->other[row] = p->other + at;
        if (p->slope) rows->slope[row] = p->slope + at;
        if (++j < grid[1]) continue;
        j = 0;
        if (++i == grid[0]) i = 0, n++;
    }
}

/* What a unit makes: rows [first, first + block.rows) by columns from `column` on, a slice of the depth at a time. The depth is
 * of elements: numbers, or pairs of them. */
typedef struct part {
    fv_panel_product p;
    int64_t first, column, depth, slice, slices;
    const unit_rows *rows;
    float *sums;
    fv_gemm_block block;
} part;

/* False: the product has no rows there. */
static bool open_part(const job *job, int64_t unit, int64_t numbers, const float *gathered, unit_rows *rows, part *out) {
    const cut *cut = &job->cut;
    int64_t column = unit % cut->column_blocks * cut->columns, block_index = unit / cut->column_blocks;
    fv_panel_product p = job->at(job->call, block_index / cut->row_blocks);
    int64_t first, count = block_rows(job, &p, block_index % cut->row_blocks, &first);
    if (count <= 0) return false;
    find_rows(&p, first, count, rows);
    int64_t depth = fv_ceil_div(fv_gather_depth(&p.gather), numbers);
    *out = (part){ .p = p, .first = first, .column = column, .depth = depth, .rows = rows };
    if (job->sums) out->sums = job->sums + block_index * 3 * job->sums_line + column;
    out->slice = fv_panel_slice(depth);
    out->slices = fv_max(fv_ceil_div(depth, FV_PANEL_DEPTH), 1);
    out->block = (fv_gemm_block){ .rows = count,
                                  .columns = fv_min(cut->columns, p.columns - column),
                                  .a = gathered,
                                  .a_tile = FV_GEMM_ROWS * STRIDE,
                                  .a_row = STRIDE,
                                  .a_step = 1,
                                  .b_panel = depth * FV_GEMM_COLUMNS,
                                  .c = rows->c,
                                  .c_column = column,
                                  .sums_line = job->sums_line,
                                  .low = p.low,
                                  .high = p.high };
    out->block.stream =
        out->slices == 1 && p.pictures * p.height * p.width * p.pixel * (int64_t)sizeof(float) >= FV_COST_CACHES;
    return true;
}

/* Slice s, of elements of `floats` in b; gives the element that it begins with. */
static int64_t open_slice(part *u, int64_t s, int64_t floats) {
    int64_t begin = s * u->slice;
    bool last = s + 1 == u->slices;
    u->block.depth = fv_min(u->depth, begin + u->slice) - begin;
    u->block.b = u->p.b + (u->column * u->depth + begin * FV_GEMM_COLUMNS) * floats;
    u->block.add = s > 0;
    u->block.limited = u->p.limited && last;
    u->block.bias = last && u->p.bias ? u->p.bias + u->column : NULL;
    u->block.other = last && u->p.other ? u->rows->other : NULL;
    u->block.slope = last && u->p.slope ? u->rows->slope : NULL;
    u->block.slope_high = u->p.slope_high;
    u->block.sums = last ? u->sums : NULL;
    return begin;
}

static void run_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    scratch *own = (scratch *)job->call->scratch + thread;
    part u;
    if (!open_part(job, unit, 1, own->gathered, &own->rows, &u)) return;
    const fv_gather *g = &u.p.gather;
    bool plain = fv_gather_is_plain(g); /* multiplied where they lie */
    if (plain) u.block.a_row = g->pixel, u.block.a_tile = FV_GEMM_ROWS * g->pixel;
    for (int64_t s = 0; s < u.slices; s++) {
        int64_t begin = open_slice(&u, s, 1);
        if (plain)
            u.block.a = (const float *)g->from + u.first * g->pixel + begin;
        else
            fv_gather_avx2(g, u.first, u.block.rows, begin, begin + u.block.depth, STRIDE, own->gathered);
        u.block.ahead = plain && s + 1 == u.slices;
        fv_gemm_multiply(&u.block);
    }
}

void fv_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count) {
    fv_panel_product first = at(call, 0);
    job job = { .call = call, .at = at, .cut = cut_of(&first) };
    fv_parallel_for(count * job.cut.row_blocks * job.cut.column_blocks, run_unit, &job);
}

int64_t fv_panel_products_scratch_avx2(const fv_call *call) { return call->threads * (int64_t)sizeof(scratch); }

/* ---- with statistics: scratch holds the threads', then each block's sums, then the shards' ---- */

static int64_t columns_of(const fv_call *call) { return call->outputs[0].type.dims[3]; }
static int64_t sums_line(const fv_call *call) { return fv_round_up(columns_of(call), FV_GEMM_COLUMNS); }
static int64_t sums_bytes(const fv_call *call) {
    return fv_shards_here(call) * shard_blocks(call) * 3 * sums_line(call) * (int64_t)sizeof(float);
}

/* A block's sums, which are of what its rows are above the first. */
static void add_block(const float *restrict lines, int64_t line, double n, int64_t columns, double *restrict sum,
                      double *restrict squares) {
    for (int64_t c = 0; c < columns; c++) {
        fv_norm_moments s = fv_norm_unshift(lines[c], n, lines[line + c], lines[2 * line + c]);
        sum[c] += s.sum, squares[c] += s.squares;
    }
}

typedef struct joined {
    const job *job;
    double *partials; /* shards × 2 × columns */
} joined;

static void add_shard(void *context, int64_t unit, int thread) {
    (void)thread;
    const joined *j = context;
    const job *job = j->job;
    int64_t columns = columns_of(job->call), shard = fv_shards_first(job->call) + unit, first;
    double *sum = j->partials + shard * 2 * columns;
    memset(sum, 0, (size_t)columns * 2 * sizeof *sum);
    for (int64_t index = 0; index < job->shard_blocks; index++) {
        int64_t rows = shard_block(job->call, shard, index, &first);
        const float *lines = job->sums + (unit * job->shard_blocks + index) * 3 * job->sums_line;
        if (rows > 0) add_block(lines, job->sums_line, (double)rows, columns, sum, sum + columns);
    }
}

const double *fv_panel_statistics_avx2(const fv_call *call, fv_panel_product_at at) {
    fv_panel_product first = at(call, 0);
    int64_t columns = columns_of(call), blocks = shard_blocks(call);
    char *sums = (char *)call->scratch + fv_panel_products_scratch_avx2(call);
    job job = { .call = call, .at = at, .cut = cut_into(&first, fv_shards_here(call) * blocks), .shard_blocks = blocks };
    job.sums = (float *)sums, job.sums_line = sums_line(call);
    joined joined = { &job, (double *)(sums + sums_bytes(call)) };
    fv_parallel_for(job.cut.row_blocks * job.cut.column_blocks, run_unit, &job);
    fv_parallel_for(fv_shards_here(call), add_shard, &joined);
    fv_shards_join_f64(call, joined.partials, 2 * columns, 2 * columns);
    return joined.partials;
}

int64_t fv_panel_statistics_scratch_avx2(const fv_call *call) {
    int64_t shards = call->shards * 2 * columns_of(call) * (int64_t)sizeof(double);
    return fv_panel_products_scratch_avx2(call) + sums_bytes(call) + shards;
}

/* ---- of rounded operands ---- */

#define TILE 256       /* columns of a result at most that are made before they are rounded; */
#define NARROW_TILE 64 /* where no slice is gathered twice for it, fewer: they stay in the first-level cache */
#define GATHER_ROWS 8  /* gathered at a time, and rounded while they are in the first-level cache */

/* A thread's scratch. A pair may take two floats. */
typedef struct rounded_scratch {
    _Alignas(64) float gathered[GATHER_ROWS * 2 * STRIDE + FV_LANES];
    _Alignas(64) float pairs[ROWS * 2 * STRIDE];
    _Alignas(64) float tile[ROWS * TILE]; /* of a result that is stored as bf16 */
    unit_rows rows;
} rounded_scratch;

/* Numbers [begin, end) of rows [first, first + count) of what is bf16 already. */
static void pair_slice(const fv_panel_product *p, int64_t first, int64_t count, int64_t begin, int64_t end,
                       rounded_scratch *own) {
    const fv_gather *g = &p->gather;
    if (fv_gather_is_plain(g)) {
        fv_pair_rows((const uint16_t *)g->from + first * g->pixel + begin, g->pixel, end - begin, count, STRIDE, own->pairs);
        return;
    }
    for (int64_t row = 0; row < count; row += GATHER_ROWS) {
        int64_t some = fv_min(GATHER_ROWS, count - row);
        fv_gather_halves(g, first + row, some, begin, end, 2 * STRIDE, own->gathered);
        fv_pair_rows((const uint16_t *)own->gathered, 2 * STRIDE, end - begin, some, STRIDE,
                     own->pairs + row * STRIDE * fv_rounded_pair());
    }
}

/* The same, rounded where they are not. */
static void round_slice(const fv_panel_product *p, int64_t first, int64_t count, int64_t begin, int64_t end,
                        rounded_scratch *own) {
    const fv_gather *g = &p->gather;
    if (p->x_narrow) {
        pair_slice(p, first, count, begin, end, own);
        return;
    }
    if (fv_gather_is_plain(g)) {
        fv_round_rows((const float *)g->from + first * g->pixel + begin, g->pixel, end - begin, count, STRIDE, own->pairs);
        return;
    }
    for (int64_t row = 0; row < count; row += GATHER_ROWS) {
        int64_t some = fv_min(GATHER_ROWS, count - row);
        fv_gather_avx2(g, first + row, some, begin, end, 2 * STRIDE, own->gathered);
        fv_round_rows(own->gathered, 2 * STRIDE, end - begin, some, STRIDE, own->pairs + row * STRIDE * fv_rounded_pair());
    }
}

/* May pairs be multiplied where they lie? */
static bool lies_in_pairs(const fv_panel_product *p) {
    const fv_gather *g = &p->gather;
    return p->x_narrow && fv_rounded_pair() == 1 && fv_gather_is_plain(g) && g->pixel % 2 == 0 && g->channels % 2 == 0 &&
           (uintptr_t)g->from % sizeof(float) == 0;
}

/* Slice s of the left operand: as it lies, or packed unless it is there already. */
static void multiply_slice(part *u, int64_t s, bool in_place, bool packed, rounded_scratch *own) {
    const fv_gather *g = &u->p.gather;
    int64_t begin = open_slice(u, s, fv_rounded_pair());
    if (in_place)
        u->block.a = (const float *)g->from + u->first * g->pixel / 2 + begin;
    else if (!packed)
        round_slice(&u->p, u->first, u->block.rows, 2 * begin, fv_min(2 * (begin + u->block.depth), fv_gather_depth(g)), own);
    u->block.ahead = in_place && s + 1 == u->slices;
    fv_rounded_multiply(&u->block);
}

/* A result that is stored as bf16: some of its columns at a time in f32, by all slices, then rounded. */
static void run_narrow(part *u, bool in_place, rounded_scratch *own) {
    int64_t column = u->column, columns = u->block.columns;
    int64_t step = in_place || u->slices == 1 ? NARROW_TILE : TILE;
    bool streamed = u->p.pictures * u->p.height * u->p.width * u->p.pixel * (int64_t)sizeof(uint16_t) >= FV_COST_CACHES;
    for (int64_t row = 0; row < u->block.rows; row++) own->rows.c[row] = own->tile + row * TILE;
    u->block.c_column = 0, u->block.stream = false;
    for (int64_t c = 0; c < columns; c += step) {
        u->column = column + c;
        u->block.columns = fv_min(step, columns - c);
        for (int64_t s = 0; s < u->slices; s++) multiply_slice(u, s, in_place, c > 0 && u->slices == 1, own);
        uint16_t *y = (uint16_t *)u->p.y + u->column;
        fv_narrow_rows(own->tile, TILE, u->block.columns, u->block.rows, y, own->rows.at, streamed);
    }
}

static void run_rounded_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    rounded_scratch *own = (rounded_scratch *)job->call->scratch + thread;
    part u;
    if (!open_part(job, unit, 2, own->pairs, &own->rows, &u)) return;
    bool in_place = lies_in_pairs(&u.p);
    if (in_place) u.block.a_row = u.p.gather.pixel / 2, u.block.a_tile = FV_GEMM_ROWS * u.p.gather.pixel / 2;
    if (u.p.y_narrow)
        run_narrow(&u, in_place, own);
    else
        for (int64_t s = 0; s < u.slices; s++) multiply_slice(&u, s, in_place, false, own);
}

void fv_rounded_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count) {
    fv_panel_product first = at(call, 0);
    job job = { .call = call, .at = at, .cut = cut_of(&first) };
    fv_parallel_for(count * job.cut.row_blocks * job.cut.column_blocks, run_rounded_unit, &job);
}

int64_t fv_rounded_panel_products_scratch_avx2(const fv_call *call) { return call->threads * (int64_t)sizeof(rounded_scratch); }
