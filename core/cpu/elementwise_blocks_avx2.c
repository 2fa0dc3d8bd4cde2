/* elementwise_blocks_avx2.c - programs of elementwise ops with AVX2. */
#include "core/cpu/elementwise_blocks.h"

const fv_kernel fv_kernel_elementwise_blocks_any_avx2 = {
    .name = "elementwise_blocks_any_avx2",
    .op = "elementwise",
    .isa = FV_ISA_AVX2,
    .cost = cost,
    .scratch = scratch,
    .prepare = prepare,
    .run = run,
    .pointwise = true,
    .mixed = true,
};
