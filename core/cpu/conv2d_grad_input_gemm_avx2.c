/* conv2d_grad_input_gemm_avx2.c - the gradient of conv2d with respect to its input, f32: for each class of input pixels
 * (gather.h) a product of gathered dy and the taps of w that the class meets. No pixel is written twice, nothing is scattered.
 * And that of rounded_conv2d, whose panels are of pairs (rounded_product.h): a class has an even number of numbers for them.
 * And with other gradients added where it is stored. */
#include "core/base/parallel.h"
#include "core/cpu/cost.h"
#include "core/cpu/gemm_avx2.h"
#include "core/cpu/panel_product_avx2.h"
#include "core/cpu/rounded_product.h"
#include "core/ops/stored.h"
#include "core/plan/kernel.h"

static const char *refuse(const fv_call *call) { return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE; }

static const char *rounded_refuse(const fv_call *call) {
    int64_t channels = call->inputs[1].type.dims[0] / ((const fv_conv2d_options *)call->options)->groups;
    fv_dtype dy = call->inputs[0].type.dtype, w = call->inputs[1].type.dtype;
    if (w != FV_F32 || !fv_compute_alike(dy, w)) return FV_REFUSE_DTYPE;
    return channels % 2 ? FV_REFUSE_SHAPE : NULL;
}

extern const fv_op fv_op_rounded_conv2d_grad_input, fv_op_conv2d_grad_input_sum;
static bool is_rounded(const fv_call *call) { return call->op == &fv_op_rounded_conv2d_grad_input; }

static double cost_at(const fv_call *call, double flops) {
    const fv_conv2d_options *options = call->options;
    const fv_type *dy = &call->inputs[0].type, *w = &call->inputs[1].type;
    double pixels = (double)(dy->dims[0] * dy->dims[1] * dy->dims[2]);
    return fv_cost_gemm(pixels, (double)w->dims[3], (double)(w->dims[1] * w->dims[2] * w->dims[0] / options->groups),
                        (double)options->groups, flops);
}
static double cost(const fv_call *call) { return cost_at(call, FV_COST_AVX2_FLOPS); }
static double rounded_cost(const fv_call *call) { return cost_at(call, fv_cost_bf16_flops()); }

static int64_t class_count(const fv_call *call) { return fv_gather_classes(call->options, &call->outputs[0].type); }

static fv_gather_class class_of(const fv_call *call, int64_t group, int64_t class) {
    return fv_gather_gradient(call->options, &call->outputs[0].type, &call->inputs[1].type, &call->inputs[0].type,
                              call->inputs[0].data, group, class);
}

/* Floats of so many numbers of a column of a panel. */
static int64_t floats_of(const fv_call *call, int64_t depth) {
    return is_rounded(call) ? depth / 2 * fv_rounded_pair() : depth;
}

/* Every tap belongs to at most one class: the classes' panels, one class after another, fill no more than the weights do. */
static int64_t group_floats(const fv_call *call) {
    const fv_type *w = &call->inputs[1].type;
    int64_t depth = w->dims[1] * w->dims[2] * w->dims[0] / ((const fv_conv2d_options *)call->options)->groups;
    return fv_round_up(w->dims[3], FV_GEMM_COLUMNS) * floats_of(call, depth);
}

static float *panels_of(const fv_call *call, int64_t group, const fv_gather_class *class) {
    int64_t before = floats_of(call, class->taps_before * class->gather.channels);
    return (float *)call->packed + group * group_floats(call) +
           before * fv_round_up(call->inputs[1].type.dims[3], FV_GEMM_COLUMNS);
}

static int64_t packed(const fv_call *call) {
    return ((const fv_conv2d_options *)call->options)->groups * group_floats(call) * (int64_t)sizeof(float);
}

/* A unit packs one panel of one class: for each tap and output channel 16 input channels, as they lie in w. */
static void pack_panel(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    const int64_t *w = call->inputs[1].type.dims;
    int64_t panels = fv_ceil_div(w[3], FV_GEMM_COLUMNS), first = unit % panels * FV_GEMM_COLUMNS, rest = unit / panels;
    int64_t classes = class_count(call), group = rest / classes, row = w[1] * w[2] * w[3];
    fv_gather_class c = class_of(call, group, rest % classes);
    float *to = panels_of(call, group, &c) + first * floats_of(call, fv_gather_depth(&c.gather));
    int64_t tap = floats_of(call, c.gather.channels) * FV_GEMM_COLUMNS;
    const float *from = (const float *)call->inputs[1].data + group * c.gather.channels * row + first;
    for (int64_t t = 0; t < c.gather.taps[0]; t++)
        for (int64_t u = 0; u < c.gather.taps[1]; u++, to += tap) {
            int64_t r = c.tap_first[0] - t * c.tap_back[0], s = c.tap_first[1] - u * c.tap_back[1];
            (is_rounded(call) ? fv_rounded_pack_b : fv_gemm_pack_b_avx2)(
                from + (r * w[2] + s) * w[3], row, 1, c.gather.channels, fv_min(FV_GEMM_COLUMNS, w[3] - first), to);
        }
}

static void pack(const fv_call *call) {
    const fv_conv2d_options *options = call->options;
    int64_t panels = fv_ceil_div(call->inputs[1].type.dims[3], FV_GEMM_COLUMNS);
    fv_parallel_for(options->groups * class_count(call) * panels, pack_panel, (void *)call);
}

static fv_panel_product product_at(const fv_call *call, int64_t index) {
    const fv_conv2d_options *options = call->options;
    const fv_type *w = &call->inputs[1].type, *dx = &call->outputs[0].type;
    int64_t group = index % options->groups, class = index / options->groups;
    fv_gather_class c = class_of(call, group, class);
    fv_panel_product p = { .gather = c.gather,
                           .pictures = dx->dims[0],
                           .columns = w->dims[3],
                           .b = panels_of(call, group, &c),
                           .y = (char *)call->outputs[0].data + group * w->dims[3] * fv_dtype_size(dx->dtype),
                           .height = dx->dims[1],
                           .width = dx->dims[2],
                           .pixel = dx->dims[3],
                           .origin = { c.origin[0], c.origin[1] },
                           .step = { options->stride[0], options->stride[1] },
                           .x_narrow = call->inputs[0].type.dtype == FV_BF16,
                           .y_narrow = dx->dtype == FV_BF16 };
    if (call->op != &fv_op_conv2d_grad_input_sum) return p;
    p.other = (const float *)call->inputs[2].data + group * w->dims[3];
    if (options->activation != FV_CONV2D_PLAIN) p.slope = (const float *)call->inputs[3].data + group * w->dims[3];
    p.slope_high = options->activation == FV_CONV2D_RELU6 ? 6 : NAN;
    return p;
}

static void run(const fv_call *call) {
    const fv_conv2d_options *options = call->options;
    fv_panel_products_avx2(call, product_at, options->groups * class_count(call));
}

static void rounded_run(const fv_call *call) {
    const fv_conv2d_options *options = call->options;
    fv_rounded_panel_products_avx2(call, product_at, options->groups * class_count(call));
}

const fv_kernel fv_kernel_conv2d_grad_input_gemm_f32_avx2 = {
    .name = "conv2d_grad_input_gemm_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = fv_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_rounded_conv2d_grad_input_gemm_f32_avx2 = {
    .name = "rounded_conv2d_grad_input_gemm_f32_avx2",
    .op = "rounded_conv2d_grad_input",
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

const fv_kernel fv_kernel_conv2d_grad_input_sum_gemm_f32_avx2 = {
    .name = "conv2d_grad_input_sum_gemm_f32_avx2",
    .op = "conv2d_grad_input_sum",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = fv_panel_products_scratch_avx2,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};
