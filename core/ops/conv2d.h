/* conv2d.h - options of conv2d and its two gradient ops (core/ops/conv2d.c). x is NHWC, w KRSC, both along height then width.
 */
#ifndef FV_OPS_CONV2D_H
#define FV_OPS_CONV2D_H

#include <math.h>
#include <stdint.h>

/* What is done to y, in the same pass. The slope is 0 at 0, and at 6. */
typedef enum fv_conv2d_activation { FV_CONV2D_PLAIN, FV_CONV2D_RELU, FV_CONV2D_RELU6 } fv_conv2d_activation;
#define FV_CONV2D_ACTIVATIONS "none,relu,relu6"

typedef struct fv_conv2d_options {
    int64_t stride[2];
    int64_t padding[4]; /* top, left, bottom, right */
    int64_t dilation[2];
    int64_t groups;
    int activation; /* fv_conv2d_activation; of conv2d done to y, of norm_conv2d to the normalised x */
    int stored;     /* fv_stored: of conv2d's y, which is like x, and of dx, which is like dy */
} fv_conv2d_options;

/* The activation keeps y between these two. */
static inline float fv_conv2d_low(const fv_conv2d_options *o) { return o->activation == FV_CONV2D_PLAIN ? -INFINITY : 0; }
static inline float fv_conv2d_high(const fv_conv2d_options *o) { return o->activation == FV_CONV2D_RELU6 ? 6 : INFINITY; }

#endif
