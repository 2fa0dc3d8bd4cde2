/* reduce_blocks_avx2.c - reductions, any dtype, with AVX2. */
#include "core/cpu/reduce_blocks.h"

const fv_kernel fv_kernel_sum_blocks_any_avx2 = {
    .name = "sum_blocks_any_avx2",
    .op = "sum",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_sum,
};

const fv_kernel fv_kernel_mean_blocks_any_avx2 = {
    .name = "mean_blocks_any_avx2",
    .op = "mean",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_mean,
};

const fv_kernel fv_kernel_sum_like_blocks_any_avx2 = {
    .name = "sum_like_blocks_any_avx2",
    .op = "sum_like",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_sum,
};

const fv_kernel fv_kernel_max_blocks_any_avx2 = {
    .name = "max_blocks_any_avx2",
    .op = "max",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_max,
};

const fv_kernel fv_kernel_min_blocks_any_avx2 = {
    .name = "min_blocks_any_avx2",
    .op = "min",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_min,
};

const fv_kernel fv_kernel_argmax_blocks_any_avx2 = {
    .name = "argmax_blocks_any_avx2",
    .op = "argmax",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .run = run_argmax,
};

const fv_kernel fv_kernel_variance_blocks_any_avx2 = {
    .name = "variance_blocks_any_avx2",
    .op = "variance",
    .isa = FV_ISA_AVX2,
    .refuse = refuse_f64,
    .cost = cost,
    .scratch = scratch,
    .run = run_variance,
};
