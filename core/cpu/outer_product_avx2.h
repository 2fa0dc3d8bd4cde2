/* outer_product_avx2.h - the gradient of a product with respect to its weights: the sum, over the rows of a batch, of outer
 * products of a row of dy and a gathered row of x. The depth of the product is the rows of a shard of the batch; the shards'
 * partial gradients are joined by the fixed tree. */
#ifndef FV_CPU_OUTER_PRODUCT_AVX2_H
#define FV_CPU_OUTER_PRODUCT_AVX2_H

#include "core/cpu/gather.h"

typedef struct fv_outer_product {
    fv_gather gather;         /* x */
    int64_t pictures;         /* of the batch: what is cut into shards; each has as many rows as the grid has pixels */
    const void *dy;           /* the first row's numbers of the group */
    int64_t dy_row;           /* numbers from one row of dy to the next */
    int64_t rows;             /* of the gradient; its columns are the gather depth */
    bool rounded;             /* x and dy are rounded to bf16 (rounded_product.h), */
    bool x_narrow, dy_narrow; /* or lie in memory as bf16 */
} fv_outer_product;

/* Group number `index`; all are alike but for where their data lies. Their gradients lie one after another in output 0. */
typedef fv_outer_product (*fv_outer_product_at)(const fv_call *call, int64_t index);

void fv_outer_products_avx2(const fv_call *call, fv_outer_product_at at, int64_t count);
int64_t fv_outer_products_scratch_avx2(const fv_call *call, fv_outer_product_at at, int64_t count); /* bytes */

#endif
