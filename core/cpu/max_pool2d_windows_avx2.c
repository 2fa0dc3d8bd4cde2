/* max_pool2d_windows_avx2.c - max pooling and its gradient, f32, with AVX2. */
#include "core/cpu/max_pool2d_windows.h"

const fv_kernel fv_kernel_max_pool2d_windows_f32_avx2 = {
    .name = "max_pool2d_windows_f32_avx2",
    .op = "max_pool2d",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run,
};

const fv_kernel fv_kernel_max_pool2d_grad_windows_f32_avx2 = {
    .name = "max_pool2d_grad_windows_f32_avx2",
    .op = "max_pool2d_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_gradient,
    .cost = cost,
    .run = run_gradient,
};
