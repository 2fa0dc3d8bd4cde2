/* concat.h - options of concat, split and split_like (core/ops/concat.c). */
#ifndef FV_OPS_CONCAT_H
#define FV_OPS_CONCAT_H

#include "core/base/fields.h"

typedef struct fv_concat_options {
    int64_t axis; /* counts from the end when negative; in range for the inputs, the shape functions have checked */
} fv_concat_options;

typedef struct fv_split_options {
    int64_t axis;
    fv_ints sizes;
} fv_split_options;

#endif
