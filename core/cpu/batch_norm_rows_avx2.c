/* batch_norm_rows_avx2.c - batch_norm, its gradient and its inference form over rows of channels, f32, with AVX2. */
#include "core/cpu/batch_norm_rows.h"

const fv_kernel fv_kernel_batch_norm_rows_f32_avx2 = {
    .name = "batch_norm_rows_f32_avx2",
    .op = "batch_norm",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_batch_norm_grad_rows_f32_avx2 = {
    .name = "batch_norm_grad_rows_f32_avx2",
    .op = "batch_norm_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = gradient_cost,
    .scratch = scratch,
    .run = run_gradient,
    .in_place = 1 << 0 | 1 << 4,
};

const fv_kernel fv_kernel_batch_norm_inference_rows_f32_avx2 = {
    .name = "batch_norm_inference_rows_f32_avx2",
    .op = "batch_norm_inference",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = inference_cost,
    .scratch = coefficient_bytes,
    .run = run_inference,
    .in_place = 1 << 0,
};
