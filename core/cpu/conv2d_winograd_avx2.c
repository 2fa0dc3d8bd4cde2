/* conv2d_winograd_avx2.c - conv2d and its gradient with respect to the input by Winograd's F(4×4, 3×3) and F(2×2, 3×3), and of
 * stride 2 by F(2×2, 2×2) over phases, f32 (winograd.h). The gradient is a convolution of dy with the weights turned round,
 * and with what the border lacks to 2 pixels. */
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/winograd.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define TRANSFORM_4 24 /* FLOPs: measured from 8 channels up */
#define TRANSFORM_2 24

extern const fv_op fv_op_conv2d_grad_input;
static bool is_gradient(const fv_call *call) { return call->op == &fv_op_conv2d_grad_input; }

static const char *refuse(const fv_call *call) { return fv_winograd_refuse(call, &call->inputs[1].type); }

static double cost_of(const fv_call *call, int tile, double transform) {
    const fv_type *y = &call->outputs[0].type;
    return fv_winograd_cost(y, call->inputs[0].type.dims[3], y->dims[3], tile, transform);
}

static fv_winograd convolution(const fv_call *call, int tile, bool phases) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    fv_winograd w = { .tile = tile,
                      .phases = phases,
                      .pictures = x->type.dims[0],
                      .x = x->data,
                      .x_size = { x->type.dims[1], x->type.dims[2] },
                      .x_channels = x->type.dims[3],
                      .x_pixel = x->type.dims[3],
                      .origin = { -o->padding[0], -o->padding[1] },
                      .y = y->data,
                      .y_size = { y->type.dims[1], y->type.dims[2] },
                      .y_channels = y->type.dims[3],
                      .x_narrow = x->type.dtype == FV_BF16,
                      .y_narrow = y->type.dtype == FV_BF16,
                      .streamed = fv_type_bytes(&y->type) >= FV_COST_CACHES && y->type.dims[3] % FV_WINOGRAD_GROUP == 0 &&
                                  (uintptr_t)y->data % 64 == 0 };
    if (is_gradient(call)) {
        w.phases = false, w.spread = phases;
        w.origin[0] = phases ? 0 : o->padding[0] - 2, w.origin[1] = phases ? 0 : o->padding[1] - 2;
        return w;
    }
    w.bias = call->input_count > 2 ? call->inputs[2].data : NULL;
    w.limited = o->activation != FV_CONV2D_PLAIN;
    w.low = fv_conv2d_low(o), w.high = fv_conv2d_high(o);
    return w;
}

/* Of the gradient, dims[0] channels of dy become dims[3] of dx. */
static void pack_of(const fv_call *call, fv_winograd w) {
    const int64_t *dims = call->inputs[1].type.dims, filter = 9 * dims[3];
    fv_winograd_weights weights = { .from = call->inputs[1].data, .to = call->packed, .tap = dims[3] };
    weights.turned = is_gradient(call);
    weights.depth = w.x_channels, weights.row = weights.turned ? filter : 1;
    weights.columns = w.y_channels, weights.column = weights.turned ? 1 : filter;
    fv_winograd_pack(call, &w, &weights);
}

/* What both kernels of a way are made of. */
#define OF_WAY(way, tile, phases)                                                                                              \
    static int64_t scratch_##way(const fv_call *call) {                                                                        \
        fv_winograd w = convolution(call, tile, phases);                                                                       \
        return fv_winograd_scratch(call, &w);                                                                                  \
    }                                                                                                                          \
    static int64_t packed_##way(const fv_call *call) {                                                                         \
        fv_winograd w = convolution(call, tile, phases);                                                                       \
        return fv_winograd_packed(call, &w);                                                                                   \
    }                                                                                                                          \
    static void pack_##way(const fv_call *call) { pack_of(call, convolution(call, tile, phases)); }                            \
    static void run_##way(const fv_call *call) {                                                                               \
        fv_winograd w = convolution(call, tile, phases);                                                                       \
        fv_winograd_run(call, &w);                                                                                             \
    }
OF_WAY(2, 2, false)
OF_WAY(4, 4, false)
OF_WAY(phases, 2, true)

static double cost_2(const fv_call *call) { return cost_of(call, 2, TRANSFORM_2); }
static double cost_4(const fv_call *call) { return cost_of(call, 4, TRANSFORM_4); }

/* ---- stride 2 ---- */

static const char *refuse_phases(const fv_call *call) { return fv_winograd_phases_refuse(call, &call->inputs[1].type); }

/* Pairs of dx are those that a padding of 1 makes. */
static const char *refuse_spread(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    return o->padding[0] != 1 || o->padding[1] != 1 ? FV_REFUSE_OPTIONS
                                                    : fv_winograd_phases_refuse(call, &call->inputs[1].type);
}

static double cost_phases(const fv_call *call) {
    const fv_type *x = &call->inputs[0].type, *y = &call->outputs[0].type;
    if (is_gradient(call)) return fv_winograd_phases_cost(x, y->dims[3], x->dims[3], TRANSFORM_2);
    return fv_winograd_phases_cost(y, x->dims[3], y->dims[3], TRANSFORM_2);
}

const fv_kernel fv_kernel_conv2d_winograd2_phases_f32_avx2 = {
    .name = "conv2d_winograd2_phases_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_phases,
    .cost = cost_phases,
    .scratch = scratch_phases,
    .packed = packed_phases,
    .pack = pack_phases,
    .pack_input = 1,
    .run = run_phases,
};

const fv_kernel fv_kernel_conv2d_grad_input_winograd2_phases_f32_avx2 = {
    .name = "conv2d_grad_input_winograd2_phases_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_spread,
    .cost = cost_phases,
    .scratch = scratch_phases,
    .packed = packed_phases,
    .pack = pack_phases,
    .pack_input = 1,
    .run = run_phases,
};

const fv_kernel fv_kernel_conv2d_winograd2_f32_avx2 = {
    .name = "conv2d_winograd2_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_2,
    .scratch = scratch_2,
    .packed = packed_2,
    .pack = pack_2,
    .pack_input = 1,
    .run = run_2,
};

const fv_kernel fv_kernel_conv2d_grad_input_winograd2_f32_avx2 = {
    .name = "conv2d_grad_input_winograd2_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_2,
    .scratch = scratch_2,
    .packed = packed_2,
    .pack = pack_2,
    .pack_input = 1,
    .run = run_2,
};

const fv_kernel fv_kernel_conv2d_winograd4_f32_avx2 = {
    .name = "conv2d_winograd4_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_4,
    .scratch = scratch_4,
    .packed = packed_4,
    .pack = pack_4,
    .pack_input = 1,
    .run = run_4,
    .mixed = true,
};

const fv_kernel fv_kernel_conv2d_grad_input_winograd4_f32_avx2 = {
    .name = "conv2d_grad_input_winograd4_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost_4,
    .scratch = scratch_4,
    .packed = packed_4,
    .pack = pack_4,
    .pack_input = 1,
    .run = run_4,
    .mixed = true,
};
