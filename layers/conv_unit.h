/* conv_unit.h - a convolution, the batch norm after it and an activation, with what networks of different origin do
 * differently: the norm's constants, TensorFlow's padding, a bias. */
#ifndef FV_LAYERS_CONV_UNIT_H
#define FV_LAYERS_CONV_UNIT_H

#include "fovea/layers.h"

typedef struct fv_conv_unit {
    const char *conv, *norm; /* names; norm NULL: none */
    int64_t filters, kernel, stride, groups;
    const char *activation;   /* an op, "relu"; NULL: none */
    double epsilon, momentum; /* of the norm; 0: PyTorch's */
    /* As TensorFlow's SAME pads the size at hand: max((⌈i/s⌉ − 1)·s + k − i, 0), the smaller half at top and left. Else
     * (kernel − 1) / 2 all around. */
    bool same;
    bool bias; /* of the convolution */
} fv_conv_unit;
fv_value fv_conv_unit_add(fv_graph *graph, fv_value x, const fv_conv_unit *unit);

/* The multiple of 8 nearest to filters · width, at least 8 and not below nine tenths of it: as the authors of MobileNet round.
 */
int64_t fv_multiple_of_8(double filters);

/* Height and width squeezed to 1 × 1, two 1×1 convolutions with bias, and x scaled by what comes out (Hu et al., arXiv
 * 1709.01507). `gate`: an op, "sigmoid", "hard_sigmoid". */
typedef struct fv_squeeze_excite {
    const char *reduce, *expand; /* names of the convolutions */
    int64_t squeezed;            /* channels between them */
    const char *activation, *gate;
} fv_squeeze_excite;
fv_value fv_squeeze_excite_add(fv_graph *graph, fv_value x, const fv_squeeze_excite *block);

#endif
