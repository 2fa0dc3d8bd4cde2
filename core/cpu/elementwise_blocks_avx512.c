/* elementwise_blocks_avx512.c - programs of elementwise ops with AVX-512. */
#include "core/cpu/elementwise_blocks.h"

const fv_kernel fv_kernel_elementwise_blocks_any_avx512 = {
    .name = "elementwise_blocks_any_avx512",
    .op = "elementwise",
    .isa = FV_ISA_AVX512,
    .cost = cost,
    .scratch = scratch,
    .prepare = prepare,
    .run = run,
    .pointwise = true,
    .mixed = true,
};
