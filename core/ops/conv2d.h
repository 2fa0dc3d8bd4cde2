/* conv2d.h - options of conv2d and its two gradient ops (core/ops/conv2d.c). x is NHWC, w KRSC, both along height then width.
 */
#ifndef FV_OPS_CONV2D_H
#define FV_OPS_CONV2D_H

#include <stdint.h>

typedef struct fv_conv2d_options {
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    int64_t dilation[2];
    int64_t groups;
} fv_conv2d_options;

#endif
