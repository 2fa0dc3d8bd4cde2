/* avg_pool2d_windows_portable.c - average pooling of all kinds and its gradients, f32, for any processor. */
#include "core/cpu/avg_pool2d_windows.h"

const fv_kernel fv_kernel_avg_pool2d_windows_f32_portable = {
    .name = "avg_pool2d_windows_f32_portable",
    .op = "avg_pool2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_fixed,
};

const fv_kernel fv_kernel_avg_pool2d_grad_windows_f32_portable = {
    .name = "avg_pool2d_grad_windows_f32_portable",
    .op = "avg_pool2d_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_fixed_gradient,
};

const fv_kernel fv_kernel_global_avg_pool2d_windows_f32_portable = {
    .name = "global_avg_pool2d_windows_f32_portable",
    .op = "global_avg_pool2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive,
};

const fv_kernel fv_kernel_adaptive_avg_pool2d_windows_f32_portable = {
    .name = "adaptive_avg_pool2d_windows_f32_portable",
    .op = "adaptive_avg_pool2d",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive,
};

const fv_kernel fv_kernel_adaptive_avg_pool2d_grad_windows_f32_portable = {
    .name = "adaptive_avg_pool2d_grad_windows_f32_portable",
    .op = "adaptive_avg_pool2d_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive_gradient,
};
