/* panel_product_avx2.h - gathered rows times packed panels: conv2d, its gradient with respect to the input, and linear layers.
 *
 * A product is one group, and for the gradient one class of pixels (gather.h). It is cut into units of rows by columns; a unit
 * gathers its rows into scratch, a slice of the depth at a time, and multiplies. Cuts depend on the shape alone, and only the
 * slices of the depth, which depend on the weights' shape, touch the bits: a picture's do not depend on the batch. */
#ifndef FV_CPU_PANEL_PRODUCT_AVX2_H
#define FV_CPU_PANEL_PRODUCT_AVX2_H

#include "core/cpu/gather.h"

typedef struct fv_panel_product {
    fv_gather gather;
    int64_t pictures, columns; /* columns: channels of the result in the group */
    const float *b;    /* panels of the packed weights, gather depth × 16 each; rounded: of pairs (rounded_product.h) */
    const float *bias; /* of the group, or NULL */
    bool limited;      /* the result is kept between low and high */
    float low, high;
    const float *other, *slope; /* of a gradient, with y's pixels: what is added, what tells where it counts (gemm_avx2.h) */
    float slope_high;
    void *y;                      /* pixel (0, 0, 0) of the result, first channel of the group */
    int64_t height, width, pixel; /* of the result's pictures */
    int64_t origin[2], step[2];   /* grid pixel (i, j) is result pixel (i · step + origin) */
    bool x_narrow, y_narrow;      /* rounded: what is gathered, the result, lies in memory as bf16 */
} fv_panel_product;

/* Product number `index`, 0 … count − 1. None has more pixels than the first. */
typedef fv_panel_product (*fv_panel_product_at)(const fv_call *call, int64_t index);

void fv_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count);
int64_t fv_panel_products_scratch_avx2(const fv_call *call); /* bytes */

/* Product 0, and sums over the whole batch, on all ranks: of each column of the result, then of each one's squares. They lie in
 * the call's scratch. A unit's rows are of one shard: its sums are made in f32 where the rows are stored, those of units in
 * f64. */
const double *fv_panel_statistics_avx2(const fv_call *call, fv_panel_product_at at);
int64_t fv_panel_statistics_scratch_avx2(const fv_call *call); /* bytes */

/* The same of operands that are rounded to bf16, where they are not that already; slices count pairs. */
void fv_rounded_panel_products_avx2(const fv_call *call, fv_panel_product_at at, int64_t count);
int64_t fv_rounded_panel_products_scratch_avx2(const fv_call *call); /* bytes */

/* Into slices of how much a depth is cut: part of the bits. A depth of no more than FV_PANEL_DEPTH is one slice. */
#define FV_PANEL_DEPTH 320 /* a panel of b is 20 KB, in the first-level cache beside a tile of a */
static inline int64_t fv_panel_slice(int64_t depth) {
    return fv_round_up(fv_ceil_div(depth, fv_max(fv_ceil_div(depth, FV_PANEL_DEPTH), 1)), 8);
}

#endif
