/* inverted_bottleneck.h - options of the block of MobileNetV2 and its kin (core/ops/inverted_bottleneck.c). */
#ifndef FV_OPS_INVERTED_BOTTLENECK_H
#define FV_OPS_INVERTED_BOTTLENECK_H

#include "core/graph/op.h"
#include "core/ops/conv2d.h"

typedef struct fv_inverted_bottleneck_options {
    int64_t expand_stride[2], expand_padding[4];
    int expand_activation; /* fv_conv2d_activation */
    int64_t stride[2], padding[4];
    int activation;
} fv_inverted_bottleneck_options;

/* The inputs in their order. */
enum {
    FV_BOTTLENECK_X,
    FV_BOTTLENECK_EXPAND,
    FV_BOTTLENECK_EXPAND_BIAS,
    FV_BOTTLENECK_DEPTHWISE,
    FV_BOTTLENECK_DEPTHWISE_BIAS,
    FV_BOTTLENECK_PROJECT,
    FV_BOTTLENECK_PROJECT_BIAS,
    FV_BOTTLENECK_RESIDUAL
};

/* The options of the widening convolution as conv2d has them, and the type of what it gives. */
fv_conv2d_options fv_bottleneck_expand(const fv_inverted_bottleneck_options *o);
fv_type fv_bottleneck_wide(const fv_call *call);

#endif
