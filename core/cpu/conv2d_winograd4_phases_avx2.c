/* conv2d_winograd4_phases_avx2.c - conv2d of a first layer, 7×7 of stride 2, by phases and Winograd's F(4×4, 4×4), f32
 * (winograd4_phases.h). A unit is a block of tiles: it transforms, multiplies and transforms back in the second-level cache. */
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/winograd4_phases.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define PLANES FV_PHASES_PLANES
#define GROUP FV_PHASES_GROUP

/* A thread's memory. */
typedef struct scratch {
    _Alignas(64) float lines[FV_PHASES_LINES * FV_PHASES_LINE];
    _Alignas(64) float x[FV_PHASES_BLOCK * PLANES * FV_PHASES_DEPTH];
    _Alignas(64) float y[PLANES * FV_PHASES_PLANE];
} scratch;

static fv_phases convolution_of(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    return (fv_phases){ .pictures = x->type.dims[0],
                        .x = x->data,
                        .x_size = { x->type.dims[1], x->type.dims[2] },
                        .channels = x->type.dims[3],
                        .origin = { -o->padding[0], -o->padding[1] },
                        .y = y->data,
                        .y_size = { y->type.dims[1], y->type.dims[2] },
                        .y_channels = y->type.dims[3],
                        .bias = call->input_count > 2 ? call->inputs[2].data : NULL,
                        .streamed = fv_type_bytes(&y->type) >= FV_COST_CACHES && y->type.dims[3] % GROUP == 0 &&
                                    (uintptr_t)y->data % 64 == 0,
                        .limited = o->activation != FV_CONV2D_PLAIN,
                        .low = fv_conv2d_low(o),
                        .high = fv_conv2d_high(o) };
}

static const char *refuse(const fv_call *call) { return fv_phases_refuse(call, &call->inputs[1].type); }

static double cost(const fv_call *call) { return fv_phases_cost(&call->outputs[0].type, call->inputs[0].type.dims[3]); }

static int64_t bytes_of(const fv_call *call) { return call->threads * (int64_t)sizeof(scratch); }

/* Floats of one group's weights in a plane, and of a plane. */
static int64_t group_floats(const fv_call *call) { return 4 * call->inputs[1].type.dims[3] * GROUP; }
static int64_t group_count(const fv_call *call) { return fv_ceil_div(call->inputs[1].type.dims[0], GROUP); }
static int64_t plane_floats(const fv_call *call) { return group_count(call) * group_floats(call); }

static int64_t packed(const fv_call *call) { return PLANES * plane_floats(call) * (int64_t)sizeof(float); }

static void pack_group(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *dims = call->inputs[1].type.dims;
    _Alignas(64) float taps[FV_PHASES_TAPS * FV_PHASES_CHANNELS * GROUP];
    int64_t rows = FV_PHASES_TAPS * dims[3], first = unit * GROUP;
    fv_gemm_pack_b_avx2((const float *)call->inputs[1].data + first * rows, 1, rows, rows, fv_min(dims[0] - first, GROUP),
                        taps);
    fv_phases_vectors_get()->from_taps(dims[3], taps, (float *)call->packed + unit * group_floats(call), plane_floats(call));
}

static void pack(const fv_call *call) { fv_parallel_for(group_count(call), pack_group, (void *)call); }

typedef struct job {
    const fv_call *call;
    fv_phases w;
} job;

static void run_block(void *context, int64_t unit, int thread) {
    const job *job = context;
    const fv_phases_vectors *vectors = fv_phases_vectors_get();
    scratch *own = (scratch *)job->call->scratch + thread;
    fv_phases_place place = fv_phases_place_of(&job->w, unit);
    vectors->from_x(&job->w, &place, own->lines, own->x);
    for (int64_t first = 0; first < job->w.y_channels; first += FV_PHASES_RESULTS) {
        int64_t groups = fv_ceil_div(fv_min(FV_PHASES_RESULTS, job->w.y_channels - first), GROUP);
        const float *weights = (const float *)job->call->packed + first / GROUP * group_floats(job->call);
        vectors->multiply(job->w.channels, place.count, own->x, weights, plane_floats(job->call), groups, own->y);
        vectors->to_y(&job->w, &place, first, groups, own->y);
    }
}

static void run(const fv_call *call) {
    job job = { call, convolution_of(call) };
    fv_parallel_for(job.w.pictures * fv_phases_blocks(&job.w), run_block, &job);
}

const fv_kernel fv_kernel_conv2d_winograd4_phases_f32_avx2 = {
    .name = "conv2d_winograd4_phases_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = bytes_of,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};
