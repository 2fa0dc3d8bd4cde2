/* conv2d_statistics.h - options of conv2d_statistics (core/ops/conv2d_statistics.c). */
#ifndef FV_OPS_CONV2D_STATISTICS_H
#define FV_OPS_CONV2D_STATISTICS_H

#include <stddef.h>

#include "core/ops/conv2d.h"

/* Those of conv2d, to which they are given as they are (rematerialize.c), with the rest of it zero: no activation, stored
 * alike. And of the statistics (batch_norm.h). */
typedef struct fv_conv2d_statistics_options {
    union {
        fv_conv2d_options convolution;
        struct {
            int64_t stride[2];
            int64_t padding[4];
            int64_t dilation[2];
            int64_t groups;
        };
    };
    double epsilon, momentum;
} fv_conv2d_statistics_options;

_Static_assert(offsetof(fv_conv2d_statistics_options, padding) == offsetof(fv_conv2d_options, padding) &&
                   offsetof(fv_conv2d_statistics_options, dilation) == offsetof(fv_conv2d_options, dilation) &&
                   offsetof(fv_conv2d_statistics_options, groups) == offsetof(fv_conv2d_options, groups) &&
                   offsetof(fv_conv2d_options, stride) == 0,
               "conv2d's options lie as it has them");

#endif
