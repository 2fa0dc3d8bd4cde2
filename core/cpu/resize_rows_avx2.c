/* resize_rows_avx2.c - resize and its gradient, f32, with AVX2. */
#include "core/cpu/resize_rows.h"

const fv_kernel fv_kernel_resize_rows_f32_avx2 = {
    .name = "resize_rows_f32_avx2",
    .op = "resize",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .prepare = prepare,
    .run = run,
};

const fv_kernel fv_kernel_resize_grad_rows_f32_avx2 = {
    .name = "resize_grad_rows_f32_avx2",
    .op = "resize_grad",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .prepare = prepare_gradient,
    .run = run_gradient,
};
