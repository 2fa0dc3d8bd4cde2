/* reduce.h - options of the reductions (core/ops/reduce.c), for their kernels. */
#ifndef FV_OPS_REDUCE_H
#define FV_OPS_REDUCE_H

#include "core/graph/op.h"

typedef struct fv_reduce_options {
    fv_ints axes;
    bool keepdims;
    bool unbiased; /* of variance alone */
} fv_reduce_options;

/* The axes of `x` that are reduced, as bits; all of them when none is named. FV_SHAPE when one is missing or named twice. */
fv_error *fv_reduce_axes(const fv_reduce_options *options, const fv_type *x, unsigned *out);
/* The axes along which x is summed to the shape of `like`: those that `like` lacks or has with size 1. */
unsigned fv_sum_like_axes(const fv_type *x, const fv_type *like);

#endif
