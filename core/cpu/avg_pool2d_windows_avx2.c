/* avg_pool2d_windows_avx2.c - average pooling of all kinds and its gradients, f32, with AVX2. */
#include "core/cpu/avg_pool2d_windows.h"

const fv_kernel fv_kernel_avg_pool2d_windows_f32_avx2 = {
    .name = "avg_pool2d_windows_f32_avx2",
    .op = "avg_pool2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_fixed,
};

const fv_kernel fv_kernel_avg_pool2d_grad_windows_f32_avx2 = {
    .name = "avg_pool2d_grad_windows_f32_avx2",
    .op = "avg_pool2d_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_fixed_gradient,
};

const fv_kernel fv_kernel_global_avg_pool2d_windows_f32_avx2 = {
    .name = "global_avg_pool2d_windows_f32_avx2",
    .op = "global_avg_pool2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive,
};

const fv_kernel fv_kernel_adaptive_avg_pool2d_windows_f32_avx2 = {
    .name = "adaptive_avg_pool2d_windows_f32_avx2",
    .op = "adaptive_avg_pool2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive,
};

const fv_kernel fv_kernel_adaptive_avg_pool2d_grad_windows_f32_avx2 = {
    .name = "adaptive_avg_pool2d_grad_windows_f32_avx2",
    .op = "adaptive_avg_pool2d_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_adaptive_gradient,
};
