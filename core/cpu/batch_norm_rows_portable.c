/* batch_norm_rows_portable.c - batch_norm, its gradient, their parts and its inference form over rows of channels, f32, for any
 * processor. */
#include "core/cpu/batch_norm_rows.h"

const fv_kernel fv_kernel_batch_norm_rows_f32_portable = {
    .name = "batch_norm_rows_f32_portable",
    .op = "batch_norm",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .scratch = scratch,
    .run = run,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_batch_norm_grad_rows_f32_portable = {
    .name = "batch_norm_grad_rows_f32_portable",
    .op = "batch_norm_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = gradient_cost,
    .scratch = scratch,
    .run = run_gradient,
    .in_place = 1 << 0 | 1 << 4,
};

const fv_kernel fv_kernel_batch_norm_inference_rows_f32_portable = {
    .name = "batch_norm_inference_rows_f32_portable",
    .op = "batch_norm_inference",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = inference_cost,
    .scratch = coefficient_bytes,
    .run = run_inference,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_batch_norm_statistics_rows_f32_portable = {
    .name = "batch_norm_statistics_rows_f32_portable",
    .op = "batch_norm_statistics",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = statistics_cost,
    .scratch = scratch,
    .run = run_statistics,
};

const fv_kernel fv_kernel_batch_norm_apply_rows_f32_portable = {
    .name = "batch_norm_apply_rows_f32_portable",
    .op = "batch_norm_apply",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = inference_cost,
    .scratch = coefficient_bytes,
    .run = run_apply,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_batch_norm_grad_sums_rows_f32_portable = {
    .name = "batch_norm_grad_sums_rows_f32_portable",
    .op = "batch_norm_grad_sums",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = gradient_sums_cost,
    .scratch = scratch,
    .run = run_gradient_sums,
};

const fv_kernel fv_kernel_batch_norm_grad_apply_rows_f32_portable = {
    .name = "batch_norm_grad_apply_rows_f32_portable",
    .op = "batch_norm_grad_apply",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = gradient_apply_cost,
    .scratch = scratch,
    .run = run_gradient_apply,
    .in_place = 1 << 0 | 1 << 4,
};
