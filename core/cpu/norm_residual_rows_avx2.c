/* norm_residual_rows_avx2.c - the end of a residual block over rows of channels, f32, with AVX2. */
#include "core/cpu/norm_residual_rows.h"

const fv_kernel fv_kernel_norm_residual_rows_f32_avx2 = {
    .name = "norm_residual_rows_f32_avx2",
    .op = "norm_residual",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
    .in_place = 1 << FV_NORM_RESIDUAL_X | 1 << FV_NORM_RESIDUAL_OTHER,
};
