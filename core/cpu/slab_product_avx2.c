/* shared: slab_product_avx2.c - the product of slabs (slab_product.h) by vectors of 8: a slab of 16 rows is 6, 6 and 4 of them
 * by 16, that is 12 sums at most, 2 vectors of b, one of a. */
#include "core/cpu/slab_product_chains.h"

#include "core/plan/kernel.h"

DEFINE_SLAB_PART(six_rows, 6, 1)
DEFINE_SLAB_PART(four_rows, 4, 1)

static inline void slab(const fv_slab_product *p, slab_part *six, slab_part *four, const float *a, const float *b, int64_t i,
                        int64_t j) {
    if (p->rows - i <= 8) {
        four(p, a, b, i, j);
        four(p, a + 4, b, i + 4, j);
        return;
    }
    six(p, a, b, i, j);
    six(p, a + 6, b, i + 6, j);
    four(p, a + 12, b, i + 12, j);
}

void fv_slab_multiply_avx2(const fv_slab_product *p) {
    slab_part *six = p->onto_count > 0 ? six_rows_onto : six_rows, *four = p->onto_count > 0 ? four_rows_onto : four_rows;
    int64_t part = 0, parts = fv_ceil_div(p->columns, FV_SLAB) * fv_ceil_div(p->rows, FV_SLAB);
    for (int64_t j = 0; j < p->columns; j += FV_SLAB)
        for (int64_t i = 0; i < p->rows; i += FV_SLAB) {
            look_ahead(p, part++, parts);
            slab(p, six, four, p->a + i / FV_SLAB * p->a_slab, p->b + j / FV_SLAB * p->b_panel, i, j);
        }
}

void fv_slab_multiply(const fv_slab_product *p) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_slab_multiply_avx512 : fv_slab_multiply_avx2)(p);
}
