/* pool2d.h - options of max_pool2d, avg_pool2d and their gradient ops, and where their windows lie. x is NHWC; sizes along
 * height then width. Every window holds a pixel: padding is smaller than the window. */
#ifndef FV_OPS_POOL2D_H
#define FV_OPS_POOL2D_H

#include "core/graph/op.h"

typedef struct fv_pool2d_options {
    int64_t window[2];
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    bool ceil;          /* a last window that begins before the end of the picture counts though it does not fit */
    bool count_padding; /* avg_pool2d: the border counts in the divisor; max_pool2d has no such field */
} fv_pool2d_options;

typedef struct fv_adaptive_pool2d_options {
    int64_t size[2]; /* of the result: height, width */
} fv_adaptive_pool2d_options;

/* The type of x pooled: x is NHWC by then. */
fv_error *fv_pool2d_shape(const fv_type *x, const fv_pool2d_options *options, fv_type *y);

/* The rows (axis 0) or columns (axis 1) [begin, end) of a picture of `length` that window number `index` reads. */
typedef struct fv_range {
    int64_t begin, end;
} fv_range;
static inline fv_range fv_pool2d_range(const fv_pool2d_options *options, int axis, int64_t index, int64_t length) {
    int64_t begin = index * options->stride[axis] - options->padding[axis], end = begin + options->window[axis];
    return (fv_range){ begin < 0 ? 0 : begin, end > length ? length : end };
}

/* How many rows (columns) count in avg_pool2d's divisor for that window: with count_padding those of the border too, but never
 * those beyond it, which `ceil` lets a window reach (as in PyTorch). */
static inline int64_t fv_pool2d_divisor(const fv_pool2d_options *options, int axis, int64_t index, int64_t length) {
    fv_range inside = fv_pool2d_range(options, axis, index, length);
    if (!options->count_padding) return inside.end - inside.begin;
    int64_t begin = index * options->stride[axis] - options->padding[axis], end = begin + options->window[axis];
    int64_t border = length + options->padding[axis + 2];
    return (end > border ? border : end) - begin;
}

/* Adaptive pooling: window `index` of `windows` over `length` begins at ⌊index·length/windows⌋ and ends at
 * ⌈(index+1)·length/windows⌉. */
static inline fv_range fv_adaptive_range(int64_t index, int64_t windows, int64_t length) {
    return (fv_range){ index * length / windows, ((index + 1) * length + windows - 1) / windows };
}

#endif
