/* conv2d_grad_weights_winograd4_phases_avx2.c - the gradient of a first layer, 7×7 of stride 2, with respect to its weights, by
 * the adjoint of Winograd's F(4×4, 4×4) over phases, f32 (winograd4_phases.h).
 *
 * A unit is a part of the output channels and a shard: it takes the shard's blocks of tiles in order, transforms them, adds the
 * products to its planes, which stay in the second-level cache, and goes back to taps at the end. The shards' partial gradients
 * are joined afterwards. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/winograd4_phases.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define PLANES FV_PHASES_PLANES
#define GROUP FV_PHASES_GROUP
#define COLUMNS FV_PHASES_RESULTS /* output channels of a unit, at most */
#define COLUMNS_MIN 32
#define ROWS (4 * FV_PHASES_CHANNELS)
#define CHUNK 4096 /* floats of a unit of the joining */

/* A thread's memory; behind the array of them each shard's gradient. */
typedef struct scratch {
    _Alignas(64) float lines[FV_PHASES_LINES * FV_PHASES_LINE];
    _Alignas(64) float x[FV_PHASES_BLOCK * PLANES * FV_PHASES_DEPTH];
    _Alignas(64) float dy[FV_PHASES_BLOCK * PLANES * COLUMNS];
    _Alignas(64) float products[PLANES * ROWS * COLUMNS];
    _Alignas(64) float taps[FV_PHASES_TAPS * FV_PHASES_CHANNELS * COLUMNS];
} scratch;

typedef struct job {
    const fv_call *call;
    fv_phases w;
    int64_t columns; /* output channels of a unit: fewer, so that a team has units enough, touch no bit */
    int64_t total;   /* floats of the gradient */
    float *parts;    /* shards × total */
} job;

static job job_of(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    int64_t units = fv_shards_here(call) * fv_ceil_div(dy->type.dims[3], COLUMNS);
    return (job){ .call = call,
                  .w = { .pictures = x->type.dims[0],
                         .x = x->data,
                         .x_size = { x->type.dims[1], x->type.dims[2] },
                         .channels = x->type.dims[3],
                         .origin = { -o->padding[0], -o->padding[1] },
                         .dy = dy->data,
                         .y_size = { dy->type.dims[1], dy->type.dims[2] },
                         .y_channels = dy->type.dims[3] },
                  .columns = units < call->threads ? COLUMNS_MIN : COLUMNS,
                  .total = fv_type_count(&call->outputs[0].type),
                  .parts = (float *)((scratch *)call->scratch + call->threads) };
}

static const char *refuse(const fv_call *call) { return fv_phases_refuse(call, &call->outputs[0].type); }

static double cost(const fv_call *call) { return fv_phases_cost(&call->inputs[1].type, call->inputs[0].type.dims[3]); }

static int64_t bytes_of(const fv_call *call) {
    return call->threads * (int64_t)sizeof(scratch) +
           call->shards * fv_type_count(&call->outputs[0].type) * (int64_t)sizeof(float);
}

/* The unit's rows of a gradient: row k has `taps` floats, that of tap i lies in row i of what the unit made. */
static void store_rows(const float *from, int64_t row, int64_t rows, int64_t taps, float *to) {
    for (int64_t k = 0; k < rows; k++)
        for (int64_t i = 0; i < taps; i++) to[k * taps + i] = from[i * row + k];
}

static void run_unit(void *context, int64_t unit, int thread) {
    const job *job = context;
    const fv_phases *w = &job->w;
    const fv_phases_vectors *vectors = fv_phases_vectors_get();
    scratch *own = (scratch *)job->call->scratch + thread;
    int64_t here = fv_shards_here(job->call), shard = fv_shards_first(job->call) + unit % here,
            first = unit / here * job->columns;
    int64_t rows = fv_min(job->columns, w->y_channels - first), groups = fv_ceil_div(rows, GROUP), blocks = fv_phases_blocks(w);
    int64_t begin = fv_shard_row(job->call, w->pictures, shard) * blocks;
    int64_t end = fv_shard_row(job->call, w->pictures, shard + 1) * blocks, taps = FV_PHASES_TAPS * w->channels;
    if (begin == end) memset(own->products, 0, sizeof own->products);
    for (int64_t b = begin; b < end; b++) {
        fv_phases_place place = fv_phases_place_of(w, b);
        vectors->from_x(w, &place, own->lines, own->x);
        vectors->from_dy(w, &place, first, groups, own->dy);
        vectors->multiply_dy(w->channels, place.count, own->x, own->dy, groups, b > begin, own->products);
    }
    vectors->to_taps(w->channels, own->products, groups, own->taps);
    store_rows(own->taps, groups * GROUP, rows, taps, job->parts + shard * job->total + first * taps);
}

/* Joins the shards' gradients, where that is not done yet, and stores what they make. */
static void finish_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const job *job = context;
    int64_t first = unit * CHUNK, count = fv_min(CHUNK, job->total - first);
    float *parts = job->parts + first;
    if (!job->call->split) fv_tree_sum_f32(parts, job->call->shards, count, job->total);
    memcpy((float *)job->call->outputs[0].data + first, parts, (size_t)count * sizeof(float));
}

static void run(const fv_call *call) {
    job job = job_of(call);
    fv_parallel_for(fv_ceil_div(job.w.y_channels, job.columns) * fv_shards_here(call), run_unit, &job);
    if (call->split) fv_shards_join_f32(call, job.parts, job.total, job.total);
    fv_parallel_for(fv_ceil_div(job.total, CHUNK), finish_unit, &job);
}

const fv_kernel fv_kernel_conv2d_grad_weights_winograd4_phases_f32_avx2 = {
    .name = "conv2d_grad_weights_winograd4_phases_f32_avx2",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = bytes_of,
    .run = run,
};
