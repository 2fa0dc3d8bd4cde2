/* conv2d_statistics.h - options of conv2d_statistics (core/ops/conv2d_statistics.c). */
#ifndef FV_OPS_CONV2D_STATISTICS_H
#define FV_OPS_CONV2D_STATISTICS_H

#include "core/ops/conv2d.h"

/* Those of conv2d, to which they are given as they are, without an activation; and of the statistics (batch_norm.h). */
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

#endif
