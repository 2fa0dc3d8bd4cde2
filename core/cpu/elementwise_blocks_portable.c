/* elementwise_blocks_portable.c - programs of elementwise ops, f32 and bool, for any CPU. */
#include "core/cpu/elementwise_blocks.h"

const fv_kernel fv_kernel_elementwise_blocks_f32_portable = {
    .name = "elementwise_blocks_f32_portable",
    .op = "elementwise",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .prepare = prepare,
    .run = run,
    .pointwise = true,
};
