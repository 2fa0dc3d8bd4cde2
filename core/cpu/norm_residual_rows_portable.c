/* norm_residual_rows_portable.c - the end of a residual block over rows of channels, f32, for any processor. */
#include "core/cpu/norm_residual_rows.h"

const fv_kernel fv_kernel_norm_residual_rows_f32_portable = {
    .name = "norm_residual_rows_f32_portable",
    .op = "norm_residual",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
    .in_place = 1 << FV_NORM_RESIDUAL_X | 1 << FV_NORM_RESIDUAL_OTHER,
};
