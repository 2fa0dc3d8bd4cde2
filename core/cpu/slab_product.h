/* slab_product.h - the matrix product under the gradients of weights: c (rows × columns) = [c +] aᵀ·b, f32, on one thread. a
 * and b are rows of a batch: both are read as cache lines of 16 channels, a in slabs and b in panels, so that neither is
 * transposed on its way. Lines lie one after another, or in the rows where they are.
 *
 * Every element is one chain of fused multiply-adds over the depth in rising order from zero, then added to what earlier
 * products left: the same bits by vectors of 8 and of 16, and however rows and columns are cut. Cutting the depth is part of
 * the result. */
#ifndef FV_CPU_SLAB_PRODUCT_H
#define FV_CPU_SLAB_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#define FV_SLAB 16      /* channels of a slab, of a panel */
#define FV_SLAB_ONTO 11 /* earlier products that one is added to, at most */

/* Rows that a later product is made of, in memory: asked for while this one is computed, so that they are in the cache when
 * they are copied. */
typedef struct fv_slab_ahead {
    const float *at;
    int64_t row, rows, floats; /* from row to row; how many; of each */
    int64_t more, line;        /* and so many times as many rows again, each time `line` further on */
} fv_slab_ahead;

typedef struct fv_slab_product {
    const float *a; /* element (k, i): a[i / 16 * a_slab + k * a_step + i % 16] */
    const float *b; /* element (k, j): b[j / 16 * b_panel + k * b_step + j % 16] */
    int64_t a_slab, a_step, b_panel, b_step;
    int64_t rows, columns, depth;
    bool add;
    float *c; /* row i at c + i * c_row. Written up to a multiple of 8 rows and of 16 columns */
    int64_t c_row;
    /* Earlier products of c's size, to which this one is added before c: [c +] (onto[1] + (onto[0] + aᵀ·b)). */
    const float *onto[FV_SLAB_ONTO];
    int onto_count;
    int64_t onto_row;       /* floats from row to row of each */
    fv_slab_ahead ahead[2]; /* rows 0: none */
} fv_slab_product;

/* By the widest vectors that CPU and FOVEA_ISA allow. */
void fv_slab_multiply(const fv_slab_product *p);
void fv_slab_multiply_avx2(const fv_slab_product *p);
void fv_slab_multiply_avx512(const fv_slab_product *p);

#endif
