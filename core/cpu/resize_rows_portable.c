/* resize_rows_portable.c - resize and its gradient, f32, for any CPU. */
#include "core/cpu/resize_rows.h"

const fv_kernel fv_kernel_resize_rows_f32_portable = {
    .name = "resize_rows_f32_portable",
    .op = "resize",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .prepare = prepare,
    .run = run,
};

const fv_kernel fv_kernel_resize_grad_rows_f32_portable = {
    .name = "resize_grad_rows_f32_portable",
    .op = "resize_grad",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .prepare = prepare_gradient,
    .run = run_gradient,
};
