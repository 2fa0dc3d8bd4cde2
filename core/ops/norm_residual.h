/* norm_residual.h - the inputs of norm_residual (core/ops/norm_residual.c) in their order. Options are batch_norm's, of which
 * the activation counts alone. */
#ifndef FV_OPS_NORM_RESIDUAL_H
#define FV_OPS_NORM_RESIDUAL_H

#include "core/ops/batch_norm.h"

enum {
    FV_NORM_RESIDUAL_X,
    FV_NORM_RESIDUAL_SCALE,
    FV_NORM_RESIDUAL_BIAS,
    FV_NORM_RESIDUAL_MEAN,
    FV_NORM_RESIDUAL_INV_STD,
    FV_NORM_RESIDUAL_OTHER,       /* what is added */
    FV_NORM_RESIDUAL_OTHER_SCALE, /* and its own norm, if it has one: four inputs as x has them */
    FV_NORM_RESIDUAL_INPUTS = FV_NORM_RESIDUAL_OTHER_SCALE + 4
};

#endif
