/* stored.h - values that are computed in f32 and lie in memory as bf16: the option of ops that can leave their result so, and
 * what their shapes ask of operands then. Which values do is decided by the planner (round_activations.c); weights, sums and
 * statistics stay f32. */
#ifndef FV_OPS_STORED_H
#define FV_OPS_STORED_H

#include "fovea/tensor.h"

/* ALIKE: as what the result is like, an operand. */
typedef enum fv_stored { FV_STORED_ALIKE, FV_STORED_F32, FV_STORED_BF16 } fv_stored;
#define FV_STORED_NAMES "alike,f32,bf16"

static inline fv_dtype fv_stored_dtype(int stored, fv_dtype alike) {
    return stored == FV_STORED_ALIKE ? alike : stored == FV_STORED_BF16 ? FV_BF16 : FV_F32;
}

/* The dtype of numbers that are used together with those of `dtype`: bf16 is widened when it is read. */
static inline fv_dtype fv_computed_dtype(fv_dtype dtype) { return dtype == FV_BF16 ? FV_F32 : dtype; }

/* May the two be operands of one op? */
static inline bool fv_compute_alike(fv_dtype a, fv_dtype b) { return fv_computed_dtype(a) == fv_computed_dtype(b); }

#endif
