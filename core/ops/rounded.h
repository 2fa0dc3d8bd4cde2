/* rounded.h - how references of products of rounded operands round: a float to the nearest bf16, ties to even, as storing one
 * does. */
#ifndef FV_OPS_ROUNDED_H
#define FV_OPS_ROUNDED_H

#include "core/graph/op.h"

/* An operand as it is multiplied. */
static inline double fv_operand(double value, bool rounded) {
    uint16_t memory;
    const fv_tensor bf16 = { .type.dtype = FV_BF16, .data = &memory };
    if (!rounded) return value;
    fv_tensor_store(&bf16, 0, value);
    return fv_tensor_load(&bf16, 0);
}

#endif
