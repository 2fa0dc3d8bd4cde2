/* conv2d_product_avx2.h - gathered pixels times packed weights: conv2d and its gradient with respect to the input.
 *
 * A product is one group, and for the gradient one class of pixels (gather.h). It is cut into units of pixels by channels; a
 * unit gathers its pixels into scratch, a slice of the depth at a time, and multiplies. Cuts depend on the shape alone, and
 * only the slices of the depth, which depend on the weights' shape, touch the bits: a pixel's do not depend on the batch. */
#ifndef FV_CPU_CONV2D_PRODUCT_AVX2_H
#define FV_CPU_CONV2D_PRODUCT_AVX2_H

#include "core/cpu/gather.h"

typedef struct fv_conv2d_product {
    fv_gather gather;
    int64_t pictures, columns;    /* columns: channels of the result in the group */
    const float *b;               /* panels of the packed weights, gather depth × 16 each */
    const float *bias;            /* of the group, or NULL */
    float *y;                     /* pixel (0, 0, 0) of the result, first channel of the group */
    int64_t height, width, pixel; /* of the result's pictures */
    int64_t origin[2], step[2];   /* grid pixel (i, j) is result pixel (i · step + origin) */
} fv_conv2d_product;

/* Product number `index`, 0 … count − 1. None has more pixels than the first. */
typedef fv_conv2d_product (*fv_conv2d_product_at)(const fv_call *call, int64_t index);

void fv_conv2d_products_avx2(const fv_call *call, fv_conv2d_product_at at, int64_t count);
int64_t fv_conv2d_products_scratch_avx2(const fv_call *call); /* bytes */

#endif
