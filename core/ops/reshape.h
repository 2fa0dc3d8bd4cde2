/* reshape.h - options of unsqueeze and squeeze (core/ops/reshape.c). */
#ifndef FV_OPS_RESHAPE_H
#define FV_OPS_RESHAPE_H

#include "core/base/fields.h"

typedef struct fv_unsqueeze_options {
    fv_ints axes; /* unsqueeze counts them in the result, squeeze in x */
} fv_unsqueeze_options;

#endif
