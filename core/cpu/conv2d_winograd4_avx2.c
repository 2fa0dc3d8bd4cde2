/* conv2d_winograd4_avx2.c - conv2d and its gradient with respect to the input by Winograd's F(4×4, 3×3), f32 (winograd4.h). The
 * gradient is a convolution of dy with the weights turned round, and with what the border lacks to 2 pixels. */
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/winograd4.h"
#include "core/ops/conv2d.h"
#include "core/plan/kernel.h"

#define TRANSFORM 24 /* FLOPs: measured from 8 channels up */

static fv_winograd4 between(const fv_tensor *x, const fv_tensor *y, int64_t top, int64_t left) {
    return (fv_winograd4){ .pictures = x->type.dims[0],
                           .x = x->data,
                           .x_size = { x->type.dims[1], x->type.dims[2] },
                           .x_channels = x->type.dims[3],
                           .x_pixel = x->type.dims[3],
                           .origin = { -top, -left },
                           .y = y->data,
                           .y_size = { y->type.dims[1], y->type.dims[2] },
                           .y_channels = y->type.dims[3],
                           .streamed = fv_type_bytes(&y->type) >= FV_COST_CACHES && y->type.dims[3] % FV_WINOGRAD4_GROUP == 0 &&
                                       (uintptr_t)y->data % 64 == 0 };
}

static const char *refuse(const fv_call *call) { return fv_winograd4_refuse(call, &call->inputs[1].type); }

static double cost(const fv_call *call) {
    const fv_type *y = &call->outputs[0].type;
    return fv_winograd4_cost(y, call->inputs[0].type.dims[3], y->dims[3], TRANSFORM);
}

/* ---- forward ---- */

static fv_winograd4 forward(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    fv_winograd4 w = between(&call->inputs[0], &call->outputs[0], o->padding[0], o->padding[1]);
    w.bias = call->input_count > 2 ? call->inputs[2].data : NULL;
    w.limited = o->activation != FV_CONV2D_PLAIN;
    w.low = fv_conv2d_low(o), w.high = fv_conv2d_high(o);
    return w;
}

static int64_t scratch(const fv_call *call) {
    fv_winograd4 w = forward(call);
    return fv_winograd4_scratch(call, &w);
}

static int64_t packed(const fv_call *call) {
    fv_winograd4 w = forward(call);
    return fv_winograd4_packed(call, &w);
}

static void pack(const fv_call *call) {
    const int64_t *dims = call->inputs[1].type.dims;
    fv_winograd4 w = forward(call);
    fv_winograd4_pack(call, &w,
                      &(fv_winograd4_weights){ .from = call->inputs[1].data,
                                               .to = call->packed,
                                               .depth = dims[3],
                                               .columns = dims[0],
                                               .row = 1,
                                               .column = 9 * dims[3],
                                               .tap = dims[3] });
}

static void run(const fv_call *call) {
    fv_winograd4 w = forward(call);
    fv_winograd4_run(call, &w);
}

/* ---- with respect to the input ---- */

static fv_winograd4 gradient(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    return between(&call->inputs[0], &call->outputs[0], 2 - o->padding[0], 2 - o->padding[1]);
}

static int64_t gradient_scratch(const fv_call *call) {
    fv_winograd4 w = gradient(call);
    return fv_winograd4_scratch(call, &w);
}

static int64_t gradient_packed(const fv_call *call) {
    fv_winograd4 w = gradient(call);
    return fv_winograd4_packed(call, &w);
}

static void pack_turned(const fv_call *call) {
    const int64_t *dims = call->inputs[1].type.dims;
    fv_winograd4 w = gradient(call);
    fv_winograd4_pack(call, &w,
                      &(fv_winograd4_weights){ .from = call->inputs[1].data,
                                               .to = call->packed,
                                               .depth = dims[0],
                                               .columns = dims[3],
                                               .row = 9 * dims[3],
                                               .column = 1,
                                               .tap = dims[3],
                                               .turned = true });
}

static void run_gradient(const fv_call *call) {
    fv_winograd4 w = gradient(call);
    fv_winograd4_run(call, &w);
}

const fv_kernel fv_kernel_conv2d_winograd4_f32_avx2 = {
    .name = "conv2d_winograd4_f32_avx2",
    .op = "conv2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_conv2d_grad_input_winograd4_f32_avx2 = {
    .name = "conv2d_grad_input_winograd4_f32_avx2",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = gradient_scratch,
    .packed = gradient_packed,
    .pack = pack_turned,
    .pack_input = 1,
    .run = run_gradient,
};
