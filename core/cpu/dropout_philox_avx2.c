/* dropout_philox_avx2.c - dropout, f32, with AVX2. */
#include "core/cpu/dropout_philox.h"

const fv_kernel fv_kernel_dropout_philox_f32_avx2 = {
    .name = "dropout_philox_f32_avx2",
    .op = "dropout",
    .isa = FV_ISA_AVX2,
    .refuse = refuse,
    .cost = cost,
    .run = run,
    .in_place = 1 << 0,
};
