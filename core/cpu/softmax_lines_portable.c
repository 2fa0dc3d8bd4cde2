/* softmax_lines_portable.c - softmax and log_softmax, f32, for any CPU. */
#include "core/cpu/softmax_lines.h"

const fv_kernel fv_kernel_softmax_lines_f32_portable = {
    .name = "softmax_lines_f32_portable",
    .op = "softmax",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run,
    .in_place = 1 << 0,
};

const fv_kernel fv_kernel_log_softmax_lines_f32_portable = {
    .name = "log_softmax_lines_f32_portable",
    .op = "log_softmax",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run_logarithm,
    .in_place = 1 << 0,
};
