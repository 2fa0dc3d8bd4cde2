/* pool2d.h - options of max_pool2d, avg_pool2d and their gradient ops. x is NHWC; sizes along height then width. */
#ifndef FV_OPS_POOL2D_H
#define FV_OPS_POOL2D_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fv_pool2d_options {
    int64_t window[2];
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    bool ceil;          /* a last window that begins inside the padded picture counts though it does not fit */
    bool count_padding; /* avg_pool2d: the border counts in the divisor; max_pool2d has no such field */
} fv_pool2d_options;

#endif
