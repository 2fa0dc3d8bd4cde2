/* dropout_philox_portable.c - dropout, f32, for any CPU. */
#include "core/cpu/dropout_philox.h"

const fv_kernel fv_kernel_dropout_philox_f32_portable = {
    .name = "dropout_philox_f32_portable",
    .op = "dropout",
    .isa = FV_ISA_PORTABLE,
    .refuse = refuse,
    .cost = cost,
    .run = run,
    .in_place = 1 << 0,
};
