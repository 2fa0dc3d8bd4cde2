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

/* A thread's scratch: the gathered slice and where its results go. Rows are an odd number of cache lines apart. */
typedef struct scratch {
    _Alignas(64) float gathered[ROWS * STRIDE + FV_LANES];
    float *rows[ROWS];
} scratch;

typedef struct job {
    const fv_call *call;
    fv_panel_product_at at;
    cut cut;
} job;

static void find_rows(const fv_panel_product *p, int64_t first, int64_t count, float **rows) {
    const int64_t *grid = p->gather.grid;
    int64_t j = first % grid[1], i = first / grid[1] % grid[0], n = first / grid[1] / grid[0];
    for (int64_t row = 0; row < count; row++) {
        int64_t h = i * p->step[0] + p->origin[0], w = j * p->step[1] + p->origin[1];
        rows[row] = p->y + ((n * p->height + h) * p->width + w) * p->pixel;
        if (++j < grid[1]) continue;
        j = 0;
        if (++i == grid[0]) i = 0, n++;
    }
}

static void run_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    const cut *cut = &job->cut;
    int64_t column = unit % cut->column_blocks * cut->columns, block_index = unit / cut->column_blocks;
    fv_panel_product p = job->at(job->call, block_index / cut->row_blocks);
    int64_t first = block_index % cut->row_blocks * ROWS, count = fv_min(ROWS, row_count(&p) - first);
    if (count <= 0) return;
    scratch *own = (scratch *)job->call->scratch + thread;
    find_rows(&p, first, count, own->rows);
    int64_t depth = fv_gather_depth(&p.gather), slice = fv_panel_slice(depth);
    int64_t slices = fv_max(fv_ceil_div(depth, FV_PANEL_DEPTH), 1);
    fv_gemm_block block = { .rows = count,
                            .columns = fv_min(cut->columns, p.columns - column),
                            .a = own->gathered,
                            .a_tile = FV_GEMM_ROWS * STRIDE,
                            .a_row = STRIDE,
                            .a_step = 1,
                            .b_panel = depth * FV_GEMM_COLUMNS,
                            .c = own->rows,
                            .c_column = column,
                            .low = p.low,
                            .high = p.high };
    bool plain = fv_gather_is_plain(&p.gather); /* multiplied where they lie */
    if (plain) block.a_row = p.gather.pixel, block.a_tile = FV_GEMM_ROWS * p.gather.pixel;
    block.stream = slices == 1 && p.pictures * p.height * p.width * p.pixel * (int64_t)sizeof(float) >= FV_COST_CACHES;
    for (int64_t s = 0; s < slices; s++) {
        int64_t begin = s * slice, end = fv_min(depth, begin + slice);
        if (plain)
            block.a = (const float *)p.gather.from + first * p.gather.pixel + begin;
        else
            fv_gather_avx2(&p.gather, first, count, begin, end, STRIDE, own->gathered);
        block.depth = end - begin;
        block.b = p.b + column * depth + begin * FV_GEMM_COLUMNS;
        block.add = s > 0;
        block.ahead = plain && s + 1 == slices;
        block.limited = p.limited && s + 1 == slices;
        block.bias = s + 1 == slices && p.bias ? p.bias + column : NULL;
        fv_gemm_multiply(&block);
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
    float *rows[ROWS];
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
    const cut *cut = &job->cut;
    int64_t column = unit % cut->column_blocks * cut->columns, block_index = unit / cut->column_blocks;
    fv_panel_product p = job->at(job->call, block_index / cut->row_blocks);
    int64_t first = block_index % cut->row_blocks * ROWS, count = fv_min(ROWS, row_count(&p) - first);
    if (count <= 0) return;
    rounded_scratch *own = (rounded_scratch *)job->call->scratch + thread;
    find_rows(&p, first, count, own->rows);
    int64_t depth = fv_gather_depth(&p.gather), pairs = fv_ceil_div(depth, 2), slice = fv_panel_slice(pairs);
    int64_t slices = fv_max(fv_ceil_div(pairs, FV_PANEL_DEPTH), 1);
    fv_gemm_block block = { .rows = count,
                            .columns = fv_min(cut->columns, p.columns - column),
                            .a = own->pairs,
                            .a_tile = FV_GEMM_ROWS * STRIDE,
                            .a_row = STRIDE,
                            .a_step = 1,
                            .b_panel = pairs * FV_GEMM_COLUMNS,
                            .c = own->rows,
                            .c_column = column,
                            .low = p.low,
                            .high = p.high };
    block.stream = slices == 1 && p.pictures * p.height * p.width * p.pixel * (int64_t)sizeof(float) >= FV_COST_CACHES;
    for (int64_t s = 0; s < slices; s++) {
        int64_t begin = s * slice, end = fv_min(pairs, begin + slice);
        round_slice(&p, first, count, 2 * begin, fv_min(2 * end, depth), own);
        block.depth = end - begin;
        block.b = p.b + (column * pairs + begin * FV_GEMM_COLUMNS) * fv_rounded_pair();
        block.add = s > 0;
        block.limited = p.limited && s + 1 == slices;
        block.bias = s + 1 == slices && p.bias ? p.bias + column : NULL;
        fv_rounded_multiply(&block);
    }
}

void fv_rounded_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count) {
    fv_panel_product first = at(call, 0);
    job job = { call, at, cut_of(&first) };
    fv_parallel_for(count * job.cut.row_blocks * job.cut.column_blocks, run_rounded_unit, &job);
}

int64_t fv_rounded_panel_products_scratch_avx2(const fv_call *call) { return call->threads * (int64_t)sizeof(rounded_scratch); }
