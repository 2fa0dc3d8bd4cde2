/* max_pool2d_windows_portable.c - max pooling and its gradient, f32, for any processor. */
#include "core/cpu/max_pool2d_windows.h"

const fv_kernel fv_kernel_max_pool2d_windows_f32_portable = {
    .name = "max_pool2d_windows_f32_portable",
    .op = "max_pool2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run,
};

const fv_kernel fv_kernel_max_pool2d_grad_windows_f32_portable = {
    .name = "max_pool2d_grad_windows_f32_portable",
    .op = "max_pool2d_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse_gradient,
    .cost = cost,
    .run = run_gradient,
};
