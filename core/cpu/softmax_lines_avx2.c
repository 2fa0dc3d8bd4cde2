/* softmax_lines_avx2.c - softmax and log_softmax, f32, with AVX2. */
#include "core/cpu/softmax_lines.h"

const fv_kernel fv_kernel_softmax_lines_f32_avx2 = {
    .name = "softmax_lines_f32_avx2",
    .op = "softmax",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_log_softmax_lines_f32_avx2 = {
    .name = "log_softmax_lines_f32_avx2",
    .op = "log_softmax",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run_logarithm,
    .in_place = 1 << 0,
};
