/* slab_product.h - the matrix product under the gradients of weights: c (rows × columns) = [c +] aᵀ·b, f32, on one thread. a
 * and b are rows of a batch: both lie as cache lines of 16 channels, a in slabs and b in panels, line after line, so that
 * neither is transposed on its way.
 *
 * Every element is one chain of fused multiply-adds over the depth in rising order from zero, then added to what c holds: the
 * same bits by vectors of 8 and of 16, and however rows and columns are cut. Cutting the depth is part of the result. */
#ifndef FV_CPU_SLAB_PRODUCT_H
#define FV_CPU_SLAB_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#define FV_SLAB 16 /* channels of a slab, of a panel */

typedef struct fv_slab_product {
    const float *a; /* element (k, i): a[i / 16 * a_slab + k * 16 + i % 16] */
    const float *b; /* element (k, j): b[j / 16 * b_panel + k * 16 + j % 16] */
    int64_t a_slab, b_panel;
    int64_t rows, columns, depth;
    bool add;
    float *c; /* row i at c + i * c_row. Written up to a multiple of 8 rows and of 16 columns */
    int64_t c_row;
} fv_slab_product;

/* By the widest vectors that CPU and FOVEA_ISA allow. */
void fv_slab_multiply(const fv_slab_product *p);
void fv_slab_multiply_avx2(const fv_slab_product *p);
void fv_slab_multiply_avx512(const fv_slab_product *p);

#endif
