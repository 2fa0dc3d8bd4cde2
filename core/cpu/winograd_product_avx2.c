/* shared: winograd_product_avx2.c - how a Winograd convolution is cut and run (winograd.h): tiles transformed, a matrix
 * product for each plane, results transformed back.
 *
 * Fused: a unit takes a block of tiles through all three, with everything but the weights in the second-level cache. Where the
 * weights are too large to be read again for every block, or blocks are too few for a team, staged: all units of one stage,
 * then all of the next, over as many tiles at once as a share of memory holds. Of few tiles, reading all planes of weights
 * takes longer than multiplying by them: then the 9 taps are read, and made into planes late, by the unit that multiplies by
 * them. A number's bits are the same in any way. */
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/winograd.h"
#include "core/ops/conv2d.h"
#include "core/ops/stored.h"
#include "core/plan/kernel.h"

#define GROUP FV_WINOGRAD_GROUP
#define APART 80                          /* floats between planes: five cache lines, so that planes do not alias */
#define BLOCK_BYTES ((int64_t)768 << 10)  /* of a fused unit's planes */
#define STAGE_BYTES ((int64_t)24 << 20)   /* of the planes of all tiles of a stage */
#define WEIGHTS_BYTES ((int64_t)12 << 20) /* more than this is staged */
#define BLOCKS_ENOUGH 12                  /* fewer are staged, */
#define WEIGHTS_NEAR ((int64_t)1 << 20)   /* but for weights that stay in the second-level cache, where two a thread will do */
#define ROWS 12                           /* tiles in a block: a multiple of this */
#define STAGE_TILES 4                     /* of a unit of the transforms */
#define STAGE_COLUMNS 64                  /* of a unit of the products */
#define DEPTH_MAX 320                     /* of a slice, as in panel_product_avx2.c */
#define PACK_ROWS 16                      /* of a panel of weights, transformed at once */
#define PACK_UNIT 64
#define LATE_TILES 64   /* of more, planes pay that are made once */
#define LATE_COLUMNS 32 /* of a unit that makes planes: two panels, whose part of a slice lies in the second-level cache */

static const char *refuse(const fv_call *call, const fv_type *w, int64_t stride) {
    const fv_conv2d_options *o = call->options;
    if (w->dtype != FV_F32) return FV_REFUSE_DTYPE;
    for (int i = 0; i < call->input_count; i++)
        if (!fv_compute_alike(call->inputs[i].type.dtype, w->dtype)) return FV_REFUSE_DTYPE;
    if (o->groups != 1) return FV_REFUSE_GROUPS;
    if (o->dilation[0] != 1 || o->dilation[1] != 1) return FV_REFUSE_DILATION;
    if (w->dims[1] != 3 || w->dims[2] != 3) return FV_REFUSE_SHAPE;
    return o->stride[0] == stride && o->stride[1] == stride ? NULL : FV_REFUSE_OPTIONS;
}

const char *fv_winograd_refuse(const fv_call *call, const fv_type *w) { return refuse(call, w, 1); }

const char *fv_winograd_phases_refuse(const fv_call *call, const fv_type *w) {
    return w->dims[3] % GROUP ? FV_REFUSE_SHAPE : refuse(call, w, 2);
}

/* Points that the tiles along one axis take, and numbers of theirs, by phases. */
static int64_t points_along(int64_t results, int tile, int taps) {
    int64_t rest = results % tile;
    return results / tile * (tile + taps - 1) + (rest ? rest + taps - 1 : 0);
}
static int64_t numbers_along(int64_t results) { return results / 2 * 5 + results % 2 * 3; }

double fv_winograd_cost(const fv_type *y, int64_t depth, int64_t columns, int tile, double transform) {
    double there = (double)fv_round_up(depth, GROUP), back = (double)fv_round_up(columns, GROUP);
    double points = (double)(y->dims[0] * points_along(y->dims[1], tile, 3) * points_along(y->dims[2], tile, 3));
    double weights = 16 * (tile + 2) * (tile + 2) * there * back;
    return FV_COST_CALL + (points * (2 * back * (double)depth + transform * (there + back)) + weights) / FV_COST_AVX2_FLOPS;
}

double fv_winograd_phases_cost(const fv_type *y, int64_t depth, int64_t columns, double transform) {
    double there = (double)fv_round_up(depth, GROUP), back = (double)fv_round_up(columns, GROUP);
    double points = (double)(y->dims[0] * points_along(y->dims[1], 2, 2) * points_along(y->dims[2], 2, 2));
    double numbers = (double)(y->dims[0] * numbers_along(y->dims[1]) * numbers_along(y->dims[2]));
    double flops = numbers * (2 * back * (double)depth + transform * there) + points * transform * back;
    return FV_COST_CALL + (flops + 16 * 25 * there * back) / FV_COST_AVX2_FLOPS;
}

/* ---- the cut ---- */

typedef struct cut {
    int64_t tiles;        /* in all */
    int64_t products;     /* of a tile: planes, or slots that y is made of */
    int64_t block, count; /* tiles in one, and how many there are: a fused unit's, or a stage's */
    bool staged;
    bool late;                /* planes of weights are made by who multiplies by them */
    int64_t x_row, y_row;     /* floats from tile to tile of the planes */
    int64_t x_plane, y_plane; /* and from plane to plane */
} cut;

/* Units of late planes. */
static int64_t late_units(const fv_winograd *w) { return fv_ceil_div(w->y_channels, LATE_COLUMNS) * fv_winograd_parts(w); }

/* The team's size decides between fused and staged, late and early, which touches no bit. */
static cut cut_of(const fv_winograd *w, int threads) {
    int64_t depth = fv_round_up(w->x_channels, GROUP), columns = fv_round_up(w->y_channels, GROUP),
            products = fv_winograd_y_slots(w);
    int64_t slots = fv_winograd_x_slots(w);
    int64_t tile_bytes = (slots * depth + products * columns) * (int64_t)sizeof(float);
    int64_t weights = fv_winograd_filter_slots(w) * depth * columns * (int64_t)sizeof(float);
    int64_t enough = weights > WEIGHTS_NEAR ? BLOCKS_ENOUGH : fv_min(2 * threads + 1, BLOCKS_ENOUGH);
    cut c = { .tiles = fv_winograd_tiles(w), .products = products, .y_row = columns };
    c.block = fv_max(BLOCK_BYTES / tile_bytes / ROWS, 1) * ROWS;
    c.staged = weights > WEIGHTS_BYTES || c.tiles < enough * c.block;
    if (c.staged) c.block = fv_max(STAGE_BYTES / tile_bytes / ROWS, 1) * ROWS;
    c.block = fv_max(fv_min(c.block, c.tiles), 1);
    c.count = fv_ceil_div(c.tiles, c.block);
    c.late =
        c.staged && !w->phases && !w->spread && weights > WEIGHTS_NEAR && c.tiles <= LATE_TILES && late_units(w) >= 2 * threads;
    c.x_plane = depth + (w->phases ? 0 : GROUP); /* a tile's slots lie side by side, as they are written */
    c.x_row = slots * c.x_plane + GROUP;
    c.y_plane = c.block * c.y_row + APART;
    return c;
}

static int64_t planes_bytes(const cut *c) {
    return fv_round_up((c->block * c->x_row + c->products * c->y_plane) * (int64_t)sizeof(float), 64);
}

/* Behind the planes: where each of a block's rows of results begins, in the first plane. */
static int64_t block_bytes(const cut *c) { return planes_bytes(c) + fv_round_up(c->block * (int64_t)sizeof(float *), 64); }

/* Of the depth, that is multiplied at once. */
static int64_t slice_of(int64_t depth) { return fv_round_up(fv_ceil_div(depth, fv_ceil_div(depth, DEPTH_MAX)), 8); }

/* A part of two panels' planes of weights, a slice deep. */
static int64_t late_plane(int64_t depth) { return slice_of(depth) * LATE_COLUMNS + APART; }
static int64_t late_bytes(const fv_winograd *w) {
    return fv_round_up(2 * fv_winograd_side(w) * late_plane(w->x_channels) * (int64_t)sizeof(float), 64);
}

int64_t fv_winograd_scratch(const fv_call *call, const fv_winograd *w) {
    cut c = cut_of(w, call->threads);
    int64_t late = c.late ? late_bytes(w) * call->threads : 0;
    return block_bytes(&c) * (c.staged ? 1 : call->threads) + late;
}

/* ---- weights ---- */

/* Floats from slot to slot, from panel to panel: by phases the slots of a plane, which are multiplied as one, follow upon each
 * other in a panel. */
static int64_t slot_floats(const fv_winograd *w) {
    return w->phases ? w->x_channels * GROUP : fv_round_up(w->y_channels, GROUP) * w->x_channels + APART;
}
static int64_t panel_floats(const fv_winograd *w) {
    return w->phases ? (fv_winograd_x_slots(w) * w->x_channels + 1) * GROUP : w->x_channels * GROUP;
}
static int64_t weights_floats(const fv_winograd *w) {
    return w->phases ? fv_ceil_div(w->y_channels, GROUP) * panel_floats(w) : fv_winograd_filter_slots(w) * slot_floats(w);
}

int64_t fv_winograd_packed(const fv_call *call, const fv_winograd *w) {
    int64_t columns = fv_round_up(w->y_channels, GROUP);
    bool late = cut_of(w, call->threads).late;
    return (late ? 9 * columns * w->x_channels : weights_floats(w)) * (int64_t)sizeof(float);
}

typedef struct packing {
    const fv_winograd *w;
    const fv_winograd_weights *weights;
    bool late;
} packing;

/* The taps of rows [d, d + rows) of a panel: `tap` floats apart. */
static void pack_taps(const fv_winograd_weights *w, int64_t panel, int64_t d, int64_t rows, float *to, int64_t tap) {
    int64_t left = fv_min(w->columns - panel * GROUP, GROUP);
    for (int t = 0; t < 9; t++)
        fv_gemm_pack_b_avx2(w->from + d * w->row + panel * GROUP * w->column + (w->turned ? 8 - t : t) * w->tap, w->row,
                            w->column, rows, left, to + t * tap);
}

/* A unit: some rows of one panel. */
static void pack_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const packing *p = context;
    const fv_winograd_weights *w = p->weights;
    _Alignas(64) float taps[9 * PACK_ROWS * GROUP];
    int64_t parts = fv_ceil_div(w->depth, PACK_UNIT), begin = unit % parts * PACK_UNIT, panel = unit / parts;
    int64_t end = fv_min(w->depth, begin + PACK_UNIT), plane = slot_floats(p->w);
    if (p->late) {
        pack_taps(w, panel, begin, end - begin, w->to + (panel * 9 * w->depth + begin) * GROUP, w->depth * GROUP);
        return;
    }
    float *to = w->to + panel * panel_floats(p->w);
    const fv_winograd_vectors *vectors = fv_winograd_vectors_get(p->w);
    bool streamed = weights_floats(p->w) * (int64_t)sizeof(float) >= FV_COST_CACHES && (uintptr_t)to % 64 == 0;
    for (int64_t d = begin; d < end; d += PACK_ROWS) {
        int64_t rows = fv_min(PACK_ROWS, end - d);
        pack_taps(w, panel, d, rows, taps, rows * GROUP);
        vectors->from_taps(taps, rows * GROUP, rows, FV_WINOGRAD_WHOLE, streamed, to + d * GROUP, plane);
    }
}

void fv_winograd_pack(const fv_call *call, const fv_winograd *w, const fv_winograd_weights *weights) {
    packing p = { .w = w, .weights = weights, .late = cut_of(w, call->threads).late };
    fv_parallel_for(fv_ceil_div(weights->columns, GROUP) * fv_ceil_div(weights->depth, PACK_UNIT), pack_unit, &p);
}

typedef struct job {
    const fv_call *call;
    const fv_winograd *w;
    cut cut;
    int64_t first, count; /* tiles of the stage */
} job;

static const fv_winograd_vectors *vectors_of(const job *job) { return fv_winograd_vectors_get(job->w); }

/* A block's memory. */
typedef struct block {
    fv_winograd_planes x, y;
    float **rows;
} block;

static block block_of(const job *job, int64_t number) {
    const cut *c = &job->cut;
    char *base = (char *)job->call->scratch + number * block_bytes(c);
    block b = { .x = { (float *)base, c->x_plane, c->x_row, GROUP }, .rows = (float **)(base + planes_bytes(c)) };
    b.y = (fv_winograd_planes){ b.x.at + c->block * c->x_row, c->y_plane, c->y_row, GROUP };
    return b;
}

static void find_rows(const block *b, int64_t count) {
    for (int64_t t = 0; t < count; t++) b->rows[t] = b->y.at + t * b->y.tiles;
}

/* Of the products of a convolution, one a plane, or, where y is spread over phases, one a slot: */
typedef struct product {
    int64_t plane, x_slot, filter_slot;
    int64_t depth;
} product;

static product product_of(const fv_winograd *w, int64_t number) {
    int64_t plane = number;
    if (!w->spread) {
        fv_winograd_range slots = fv_winograd_slots_in(w, plane);
        int64_t count = w->phases ? slots.end - slots.begin : 1;
        return (product){ plane, slots.begin, slots.begin, count * w->x_channels };
    }
    for (plane = 0; fv_winograd_slots_in(w, plane).end <= number;) plane++;
    return (product){ plane, plane, number, w->x_channels };
}

/* By one slice of the depth, from `begin` on, whose weights begin at `u`, panels `panel` floats apart, of those among the
 * block's tiles [first, first + count) that take the plane; columns are counted from `column` of the result. */
static void multiply_slice(const job *job, const block *b, int64_t number, int64_t first, int64_t count, int64_t column,
                           int64_t columns, int64_t begin, const float *u, int64_t panel) {
    product p = product_of(job->w, number);
    fv_winograd_range in = fv_winograd_tiles_in(job->w, p.plane);
    int64_t row = fv_max(in.begin - first, 0), rows = fv_min(in.end - first, count) - row;
    if (rows <= 0) return;
    fv_gemm_multiply(&(fv_gemm_block){ .rows = rows,
                                       .columns = columns,
                                       .depth = fv_min(slice_of(p.depth), p.depth - begin),
                                       .a = b->x.at + p.x_slot * b->x.planes + row * b->x.tiles + begin,
                                       .a_tile = FV_GEMM_ROWS * b->x.tiles,
                                       .a_row = b->x.tiles,
                                       .a_step = 1,
                                       .b = u,
                                       .b_panel = panel,
                                       .c = b->rows + row,
                                       .c_column = number * b->y.planes + column,
                                       .add = begin > 0 });
}

/* Columns [column, column + columns) of one product. */
static void multiply(const job *job, const block *b, int64_t number, int64_t first, int64_t count, int64_t column,
                     int64_t columns) {
    product p = product_of(job->w, number);
    int64_t panel = panel_floats(job->w), slice = slice_of(p.depth);
    const float *u = (const float *)job->call->packed + p.filter_slot * slot_floats(job->w) + column / GROUP * panel;
    for (int64_t begin = 0; begin < p.depth; begin += slice)
        multiply_slice(job, b, number, first, count, column, columns, begin, u + begin * GROUP, panel);
}

/* ---- fused ---- */

static void fused_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    int64_t first = unit * job->cut.block, count = fv_min(job->cut.block, job->cut.tiles - first);
    block b = block_of(job, thread);
    find_rows(&b, count);
    fv_winograd_from_x(job->w, first, count, &b.x);
    for (int64_t p = 0; p < job->cut.products; p++) multiply(job, &b, p, first, count, 0, job->w->y_channels);
    fv_winograd_to_y(job->w, first, count, &b.y);
}

/* ---- staged ---- */

static fv_winograd_planes behind(fv_winograd_planes planes, int64_t tiles) {
    planes.at += tiles * planes.tiles;
    return planes;
}

static void in_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * STAGE_TILES;
    fv_winograd_planes to = behind(block_of(job, 0).x, first);
    fv_winograd_from_x(job->w, job->first + first, fv_min(STAGE_TILES, job->count - first), &to);
}

static int64_t stage_parts(const job *job) { return fv_ceil_div(job->w->y_channels, STAGE_COLUMNS); }

static void product_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    block b = block_of(job, 0);
    int64_t column = unit % stage_parts(job) * STAGE_COLUMNS;
    multiply(job, &b, unit / stage_parts(job), job->first, job->count, column,
             fv_min(STAGE_COLUMNS, job->w->y_channels - column));
}

/* A part of the planes, for two panels: the weights are made by the thread that multiplies by them. */
static void late_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    block b = block_of(job, 0);
    int64_t depth = job->w->x_channels, columns = job->w->y_channels, slice = slice_of(depth), plane = late_plane(depth);
    int64_t parts = fv_winograd_parts(job->w);
    int64_t column = unit / parts * LATE_COLUMNS, count = fv_min(LATE_COLUMNS, columns - column);
    int part = (int)(unit % parts), planes = 2 * fv_winograd_side(job->w);
    float *u = (float *)((char *)job->call->scratch + block_bytes(&job->cut) + thread * late_bytes(job->w));
    const float *taps = (const float *)job->call->packed + column * 9 * depth;
    for (int64_t begin = 0; begin < depth; begin += slice) {
        int64_t rows = fv_min(slice, depth - begin);
        for (int64_t p = 0; p < fv_ceil_div(count, GROUP); p++)
            vectors_of(job)->from_taps(taps + (p * 9 * depth + begin) * GROUP, depth * GROUP, rows, part, false,
                                       u + p * rows * GROUP, plane);
        for (int64_t i = 0; i < planes; i++)
            multiply_slice(job, &b, part * planes + i, job->first, job->count, column, count, begin, u + i * plane,
                           rows * GROUP);
    }
}

static void out_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * STAGE_TILES;
    fv_winograd_planes from = behind(block_of(job, 0).y, first);
    fv_winograd_to_y(job->w, job->first + first, fv_min(STAGE_TILES, job->count - first), &from);
}

static void run_stage(job *job) {
    block b = block_of(job, 0);
    find_rows(&b, job->count);
    fv_parallel_for(fv_ceil_div(job->count, STAGE_TILES), in_unit, job);
    if (job->cut.late)
        fv_parallel_for(late_units(job->w), late_unit, job);
    else
        fv_parallel_for(job->cut.products * stage_parts(job), product_unit, job);
    fv_parallel_for(fv_ceil_div(job->count, STAGE_TILES), out_unit, job);
}

void fv_winograd_run(const fv_call *call, const fv_winograd *w) {
    job job = { .call = call, .w = w, .cut = cut_of(w, call->threads) };
    if (!job.cut.staged) {
        fv_parallel_for(job.cut.count, fused_unit, &job);
        return;
    }
    for (int64_t s = 0; s < job.cut.count; s++) {
        job.first = s * job.cut.block;
        job.count = fv_min(job.cut.block, job.cut.tiles - job.first);
        run_stage(&job);
    }
}
