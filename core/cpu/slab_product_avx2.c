/* shared: slab_product_avx2.c - the product of slabs (slab_product.h) by vectors of 8: a slab of 16 rows is 6, 6 and 4 of them
 * by 16, that is 12 sums at most, 2 vectors of b, one of a. */
#include "core/cpu/slab_product_chains.h"

#include "core/plan/kernel.h"

static __attribute__((noinline)) void six_rows(const fv_slab_product *p, const float *a, const float *b, float *c) {
    chains_of_slab(p, 6, 1, a, b, c);
}
static __attribute__((noinline)) void four_rows(const fv_slab_product *p, const float *a, const float *b, float *c) {
    chains_of_slab(p, 4, 1, a, b, c);
}

static void slab(const fv_slab_product *p, int64_t rows, const float *a, const float *b, float *c) {
    if (rows <= 8) {
        four_rows(p, a, b, c);
        four_rows(p, a + 4, b, c + 4 * p->c_row);
        return;
    }
    six_rows(p, a, b, c);
    six_rows(p, a + 6, b, c + 6 * p->c_row);
    four_rows(p, a + 12, b, c + 12 * p->c_row);
}

void fv_slab_multiply_avx2(const fv_slab_product *p) {
    int64_t part = 0, parts = fv_ceil_div(p->columns, FV_SLAB) * fv_ceil_div(p->rows, FV_SLAB);
    for (int64_t j = 0; j < p->columns; j += FV_SLAB)
        for (int64_t i = 0; i < p->rows; i += FV_SLAB) {
            look_ahead(p, part++, parts);
            slab(p, p->rows - i, p->a + i / FV_SLAB * p->a_slab, p->b + j / FV_SLAB * p->b_panel, p->c + i * p->c_row + j);
        }
}

void fv_slab_multiply(const fv_slab_product *p) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_slab_multiply_avx512 : fv_slab_multiply_avx2)(p);
}
