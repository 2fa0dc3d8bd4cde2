/* norm_conv2d.h - the inputs of norm_conv2d (core/ops/norm_conv2d.c) in their order. Options are conv2d's; the activation is
 * done to what the norm makes of x. */
#ifndef FV_OPS_NORM_CONV2D_H
#define FV_OPS_NORM_CONV2D_H

enum { FV_NORM_CONV_X, FV_NORM_CONV_SCALE, FV_NORM_CONV_BIAS, FV_NORM_CONV_MEAN, FV_NORM_CONV_INV_STD, FV_NORM_CONV_W };

#endif
