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

void fv_slab_multiply_avx512(const fv_slab_product *p) { multiply_by_two_panels(p, ROWS, two_panels, one_panel); }
