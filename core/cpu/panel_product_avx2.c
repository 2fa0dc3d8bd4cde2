/* shared: panel_product_avx2.c - how products are cut and run (panel_product_avx2.h). */
#include "core/cpu/panel_product_avx2.h"

#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/gather_avx2.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/rounded_product.h"

#define STRIDE (FV_PANEL_DEPTH + 16)
#define ROWS 96         /* of a unit: its slice of a is 120 KB, in the second-level cache */
#define UNITS_WANTED 32 /* enough to keep a team busy; with fewer blocks of pixels the channels are cut too */
#define COLUMNS_MIN 64  /* but not finer: each cut gathers the pixels again */

/* How the first product is cut, and so all of them. */
typedef struct cut {
    int64_t row_blocks, columns, column_blocks;
} cut;

static int64_t row_count(const fv_panel_product *p) { return p->pictures * p->gather.grid[0] * p->gather.grid[1]; }

static cut cut_of(const fv_panel_product *p) {
    cut c = { .row_blocks = fv_ceil_div(row_count(p), ROWS) };
    int64_t parts = fv_min(fv_ceil_div(UNITS_WANTED, fv_max(c.row_blocks, 1)), fv_max(p->columns / COLUMNS_MIN, 1));
    c.columns = fv_max(fv_round_up(fv_ceil_div(p->columns, parts), FV_GEMM_COLUMNS), FV_GEMM_COLUMNS);
    c.column_blocks = fv_ceil_div(p->columns, c.columns);
    return c;
}

/* Where a unit's results go, and what is read beside them. */
typedef struct unit_rows {
    float *c[ROWS];
    const float *other[ROWS], *slope[ROWS];
} unit_rows;

/* A thread's scratch: the gathered slice and where its results go. Rows are an odd number of cache lines apart. */
typedef struct scratch {
    _Alignas(64) float gathered[ROWS * STRIDE + FV_LANES];
    unit_rows rows;
} scratch;

typedef struct job {
    const fv_call *call;
    fv_panel_product_at at;
    cut cut;
} job;

static void find_rows(const fv_panel_product *p, int64_t first, int64_t count, unit_rows *rows) {
    const int64_t *grid = p->gather.grid;
    int64_t j = first % grid[1], i = first / grid[1] % grid[0], n = first / grid[1] / grid[0];
    for (int64_t row = 0; row < count; row++) {
        int64_t h = i * p->step[0] + p->origin[0], w = j * p->step[1] + p->origin[1];
        int64_t at = ((n * p->height + h) * p->width + w) * p->pixel;
        rows->c[row] = p->y + at;
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
    fv_gemm_block block;
} part;

/* False: the product has no rows there. */
static bool open_part(const job *job, int64_t unit, int64_t numbers, const float *gathered, unit_rows *rows, part *out) {
    const cut *cut = &job->cut;
    int64_t column = unit % cut->column_blocks * cut->columns, block_index = unit / cut->column_blocks;
    fv_panel_product p = job->at(job->call, block_index / cut->row_blocks);
    int64_t first = block_index % cut->row_blocks * ROWS, count = fv_min(ROWS, row_count(&p) - first);
    if (count <= 0) return false;
    find_rows(&p, first, count, rows);
    int64_t depth = fv_ceil_div(fv_gather_depth(&p.gather), numbers);
    *out = (part){ .p = p, .first = first, .column = column, .depth = depth, .rows = rows };
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
    job job = { call, at, cut_of(&first) };
    fv_parallel_for(count * job.cut.row_blocks * job.cut.column_blocks, run_unit, &job);
}

int64_t fv_panel_products_scratch_avx2(const fv_call *call) { return call->threads * (int64_t)sizeof(scratch); }

/* ---- of rounded operands ---- */

#define GATHER_ROWS 8 /* gathered at a time, and rounded while they are in the first-level cache */

/* A thread's scratch. A pair may take two floats. */
typedef struct rounded_scratch {
    _Alignas(64) float gathered[GATHER_ROWS * 2 * STRIDE + FV_LANES];
    _Alignas(64) float pairs[ROWS * 2 * STRIDE];
    unit_rows rows;
} rounded_scratch;

/* Numbers [begin, end) of rows [first, first + count). */
static void round_slice(const fv_panel_product *p, int64_t first, int64_t count, int64_t begin, int64_t end,
                        rounded_scratch *own) {
    const fv_gather *g = &p->gather;
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

static void run_rounded_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    rounded_scratch *own = (rounded_scratch *)job->call->scratch + thread;
    part u;
    if (!open_part(job, unit, 2, own->pairs, &own->rows, &u)) return;
    int64_t numbers = fv_gather_depth(&u.p.gather);
    for (int64_t s = 0; s < u.slices; s++) {
        int64_t begin = open_slice(&u, s, fv_rounded_pair());
        round_slice(&u.p, u.first, u.block.rows, 2 * begin, fv_min(2 * (begin + u.block.depth), numbers), own);
        fv_rounded_multiply(&u.block);
    }
}

void fv_rounded_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count) {
    fv_panel_product first = at(call, 0);
    job job = { call, at, cut_of(&first) };
    fv_parallel_for(count * job.cut.row_blocks * job.cut.column_blocks, run_rounded_unit, &job);
}

int64_t fv_rounded_panel_products_scratch_avx2(const fv_call *call) { return call->threads * (int64_t)sizeof(rounded_scratch); }
