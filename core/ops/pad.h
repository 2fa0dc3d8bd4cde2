/* pad.h - options of pad and pad_grad, and where an element of the result comes from. */
#ifndef FV_OPS_PAD_H
#define FV_OPS_PAD_H

#include "core/base/fields.h"

typedef enum fv_pad_mode { FV_PAD_CONSTANT, FV_PAD_REFLECT, FV_PAD_EDGE } fv_pad_mode;

typedef struct fv_pad_options {
    fv_ints begin, end; /* elements added before and behind, for each axis */
    int mode;           /* fv_pad_mode */
    double value;       /* of a constant border */
} fv_pad_options;

/* The index in an axis of `length` that index `at` of the padded axis shows; −1: the constant. */
static inline int64_t fv_pad_source(int mode, int64_t at, int64_t begin, int64_t length) {
    int64_t i = at - begin;
    if (i >= 0 && i < length) return i;
    if (mode == FV_PAD_CONSTANT) return -1;
    if (mode == FV_PAD_EDGE) return i < 0 ? 0 : length - 1;
    return i < 0 ? -i : 2 * (length - 1) - i;
}

#endif
