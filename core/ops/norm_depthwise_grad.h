/* norm_depthwise_grad.h - options and inputs of norm_depthwise_grad (core/ops/norm_depthwise_grad.c). */
#ifndef FV_OPS_NORM_DEPTHWISE_GRAD_H
#define FV_OPS_NORM_DEPTHWISE_GRAD_H

#include <stdint.h>

typedef struct fv_norm_depthwise_grad_options {
    int64_t stride[2], padding[4];   /* of the depthwise windows */
    int activation, next_activation; /* fv_norm_activation: of the norm in front of the filter, and of the one behind it */
} fv_norm_depthwise_grad_options;

/* The inputs in their order. */
enum {
    FV_DEPTHWISE_GRAD_X,
    FV_DEPTHWISE_GRAD_SCALE,
    FV_DEPTHWISE_GRAD_BIAS,
    FV_DEPTHWISE_GRAD_MEAN,
    FV_DEPTHWISE_GRAD_INV_STD,
    FV_DEPTHWISE_GRAD_W,
    FV_DEPTHWISE_GRAD_Z,
    FV_DEPTHWISE_GRAD_NEXT_SCALE,
    FV_DEPTHWISE_GRAD_NEXT_BIAS,
    FV_DEPTHWISE_GRAD_NEXT_MEAN,
    FV_DEPTHWISE_GRAD_NEXT_INV_STD,
    FV_DEPTHWISE_GRAD_DY,
    FV_DEPTHWISE_GRAD_P,
    FV_DEPTHWISE_GRAD_Q,
    FV_DEPTHWISE_GRAD_INPUTS
};

#endif
