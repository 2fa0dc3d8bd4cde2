/* shared: slab_product_avx512.c - the product of slabs (slab_product.h) by vectors of 16: 8×32, that is 16 sums, 2 vectors of
 * b, one of a. */
#include "core/cpu/slab_product_chains.h"

#define ROWS 8

static __attribute__((noinline)) void two_panels(const fv_slab_product *p, const float *a, const float *b, float *c) {
    chains_of_slab(p, ROWS, 2, a, b, c);
}
static __attribute__((noinline)) void one_panel(const fv_slab_product *p, const float *a, const float *b, float *c) {
    chains_of_slab(p, ROWS, 1, a, b, c);
}

/* Two panels of b stay in the first-level cache while the slabs pass by. */
void fv_slab_multiply_avx512(const fv_slab_product *p) {
    int64_t part = 0, parts = fv_ceil_div(p->columns, 2 * FV_SLAB) * fv_ceil_div(p->rows, ROWS);
    for (int64_t j = 0; j < p->columns; j += 2 * FV_SLAB) {
        const float *b = p->b + j / FV_SLAB * p->b_panel;
        for (int64_t i = 0; i < p->rows; i += ROWS) {
            look_ahead(p, part++, parts);
            const float *a = p->a + i / FV_SLAB * p->a_slab + i % FV_SLAB;
            (j + FV_SLAB < p->columns ? two_panels : one_panel)(p, a, b, p->c + i * p->c_row + j);
        }
    }
}
