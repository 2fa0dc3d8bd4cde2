/* conv2d_gemm_avx2.c - conv2d as a product of gathered pixels and packed weights, f32; any stride, padding, dilation, groups.
 * And rounded_conv2d, whose panels are of pairs (rounded_product.h); and conv2d_statistics, whose y has conv2d's bits. */
#include "core/base/parallel.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/norm_rows.h"
#include "core/cpu/panel_product_avx2.h"
#include "core/cpu/rounded_product.h"
#include "core/ops/conv2d_statistics.h"
#include "core/ops/stored.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static const char *rounded_refuse(const fv_call *call) {
    fv_dtype x = call->inputs[0].type.dtype, w = call->inputs[1].type.dtype;
    return w == FV_F32 && fv_compute_alike(x, w) ? NULL : FV_REFUSE_DTYPE;
}

/* Its column blocks are counted from channel 0. */
static const char *statistics_refuse(const fv_call *call) {
    return ((const fv_conv2d_options *)call->options)->groups > 1 ? FV_REFUSE_GROUPS : refuse(call);
}

extern const fv_op fv_op_rounded_conv2d, fv_op_conv2d_statistics;
static bool is_rounded(const fv_call *call) { return call->op == &fv_op_rounded_conv2d; }

static bool has_statistics(const fv_call *call) { return call->op == &fv_op_conv2d_statistics; }

static int64_t depth_of(const fv_type *w) { return w->dims[1] * w->dims[2] * w->dims[3]; }

static double cost_at(const fv_call *call, double flops) {
    const fv_conv2d_options *options = call->options;
    const fv_type *w = &call->inputs[1].type;
    return fv_cost_gemm(fv_type_count(&call->outputs[0].type) / w->dims[0], w->dims[0] / options->groups, depth_of(w),
                        options->groups, flops);
}
static double cost(const fv_call *call) { return cost_at(call, FV_COST_AVX2_FLOPS); }
static double rounded_cost(const fv_call *call) { return cost_at(call, fv_cost_bf16_flops()); }

/* Floats of a column of a panel. */
static int64_t packed_depth(const fv_call *call) {
    int64_t depth = depth_of(&call->inputs[1].type);
    return is_rounded(call) ? fv_ceil_div(depth, 2) * fv_rounded_pair() : depth;
}

/* Panels of every group one after another, each group's output channels padded to whole panels. */
static int64_t group_floats(const fv_call *call) {
    int64_t columns = call->inputs[1].type.dims[0] / ((const fv_conv2d_options *)call->options)->groups;
    return fv_round_up(columns, FV_GEMM_COLUMNS) * packed_depth(call);
}

static int64_t packed(const fv_call *call) {
    return ((const fv_conv2d_options *)call->options)->groups * group_floats(call) * (int64_t)sizeof(float);
}

static void pack_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const fv_type *w = &call->inputs[1].type;
    int64_t depth = depth_of(w), columns = w->dims[0] / ((const fv_conv2d_options *)call->options)->groups;
    int64_t panels = fv_ceil_div(columns, FV_GEMM_COLUMNS), group = unit / panels, first = unit % panels * FV_GEMM_COLUMNS;
    const float *from = (const float *)call->inputs[1].data + (group * columns + first) * depth;
    (is_rounded(call) ? fv_rounded_pack_b
                      : fv_gemm_pack_b_avx2)(from, 1, depth, depth, fv_min(columns - first, FV_GEMM_COLUMNS),
                                             (float *)call->packed + group * group_floats(call) + first * packed_depth(call));
}

static void pack(const fv_call *call) {
    const fv_type *w = &call->inputs[1].type;
    int64_t groups = ((const fv_conv2d_options *)call->options)->groups;
    fv_parallel_for(groups * fv_ceil_div(w->dims[0] / groups, FV_GEMM_COLUMNS), pack_panel, (void *)call);
}

static fv_panel_product product_at(const fv_call *call, int64_t group) {
    const fv_conv2d_options *options = call->options;
    const fv_type *x = &call->inputs[0].type, *w = &call->inputs[1].type, *y = &call->outputs[0].type;
    int64_t columns = w->dims[0] / options->groups;
    fv_panel_product p = { .gather = fv_gather_forward(options, x, w, y, call->inputs[0].data, group),
                           .pictures = x->dims[0],
                           .columns = columns,
                           .height = y->dims[1],
                           .width = y->dims[2],
                           .pixel = y->dims[3],
                           .step = { 1, 1 },
                           .x_narrow = x->dtype == FV_BF16,
                           .y_narrow = y->dtype == FV_BF16 };
    p.b = (const float *)call->packed + group * group_floats(call);
    p.bias = call->input_count > 2 && !has_statistics(call) ? (const float *)call->inputs[2].data + group * columns : NULL;
    p.y = (char *)call->outputs[0].data + group * columns * fv_dtype_size(y->dtype);
    p.limited = !has_statistics(call) && options->activation != FV_CONV2D_PLAIN;
    p.low = fv_conv2d_low(options), p.high = fv_conv2d_high(options);
    return p;
}

static void run(const fv_call *call) {
    fv_panel_products_avx2(call, product_at, ((const fv_conv2d_options *)call->options)->groups);
}

static void statistics_run(const fv_call *call) {
    const fv_conv2d_statistics_options *o = call->options;
    const fv_batch_norm_options norm = { .epsilon = o->epsilon, .momentum = o->momentum };
    const fv_type *y = &call->outputs[0].type;
    double n = (double)fv_count_all(call, fv_type_count(y) / y->dims[3]);
    const double *sums = fv_panel_statistics_avx2(call, product_at);
    fv_norm_set_statistics(&norm, n, sums, y->dims[3], call->inputs + 2, call->outputs + 1);
}

static void rounded_run(const fv_call *call) {
    fv_rounded_panel_products_avx2(call, product_at, ((const fv_conv2d_options *)call->options)->groups);
}

const fv_kernel fv_kernel_conv2d_gemm_f32_avx2 = {
    .name = "conv2d_gemm_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = fv_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_conv2d_statistics_gemm_f32_avx2 = {
    .name = "conv2d_statistics_gemm_f32_avx2",
    .op = "conv2d_statistics",
    .isa = FV_ISA_AVX2,
    .refuse = statistics_refuse,
    .cost = cost,
    .scratch = fv_panel_statistics_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = statistics_run,
};

const fv_kernel fv_kernel_rounded_conv2d_gemm_f32_avx2 = {
    .name = "rounded_conv2d_gemm_f32_avx2",
    .op = "rounded_conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = rounded_refuse,
    .cost = rounded_cost,
    .scratch = fv_rounded_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = rounded_run,
    .mixed = true,
};
