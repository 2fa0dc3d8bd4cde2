/* elementwise_blocks_portable.c - programs of elementwise ops for any CPU. */
#include "core/cpu/elementwise_blocks.h"

const fv_kernel fv_kernel_elementwise_blocks_any_portable = {
    .name = "elementwise_blocks_any_portable",
    .op = "elementwise",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .scratch = scratch,
    .prepare = prepare,
    .run = run,
    .pointwise = true,
    .mixed = true,
};
