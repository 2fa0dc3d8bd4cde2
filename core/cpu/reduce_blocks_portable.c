/* reduce_blocks_portable.c - reductions, any dtype, for any CPU. */
#include "core/cpu/reduce_blocks.h"

const fv_kernel fv_kernel_sum_blocks_any_portable = {
    .name = "sum_blocks_any_portable",
    .op = "sum",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_sum,
};

const fv_kernel fv_kernel_mean_blocks_any_portable = {
    .name = "mean_blocks_any_portable",
    .op = "mean",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_mean,
};

const fv_kernel fv_kernel_sum_like_blocks_any_portable = {
    .name = "sum_like_blocks_any_portable",
    .op = "sum_like",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_sum,
};

const fv_kernel fv_kernel_max_blocks_any_portable = {
    .name = "max_blocks_any_portable",
    .op = "max",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_max,
};

const fv_kernel fv_kernel_min_blocks_any_portable = {
    .name = "min_blocks_any_portable",
    .op = "min",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_min,
};

const fv_kernel fv_kernel_argmax_blocks_any_portable = {
    .name = "argmax_blocks_any_portable",
    .op = "argmax",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .run = run_argmax,
};

const fv_kernel fv_kernel_variance_blocks_any_portable = {
    .name = "variance_blocks_any_portable",
    .op = "variance",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse_f64,
    .cost = cost,
    .scratch = scratch,
    .run = run_variance,
};
