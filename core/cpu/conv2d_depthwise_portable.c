/* conv2d_depthwise_portable.c - depthwise convolution and both gradients, f32, for any CPU. */
#include "core/cpu/conv2d_depthwise.h"

const fv_kernel fv_kernel_conv2d_depthwise_f32_portable = {
    .name = "conv2d_depthwise_f32_portable",
    .op = "conv2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run,
};

const fv_kernel fv_kernel_conv2d_grad_input_depthwise_f32_portable = {
    .name = "conv2d_grad_input_depthwise_f32_portable",
    .op = "conv2d_grad_input",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .packed = packed,
    .pack = pack,
    .pack_input = 1,
    .run = run_input,
};

const fv_kernel fv_kernel_conv2d_grad_weights_depthwise_f32_portable = {
    .name = "conv2d_grad_weights_depthwise_f32_portable",
    .op = "conv2d_grad_weights",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse_weights,
    .cost = cost,
    .scratch = weights_scratch,
    .run = run_weights,
};
