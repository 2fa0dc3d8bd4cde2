/* shared: slab_product_avx512.c - the product of slabs (slab_product.h) by vectors of 16: 8×32, that is 16 sums, 2 vectors of
 * b, one of a. */
#include "core/cpu/slab_product_chains.h"

#define ROWS 8

DEFINE_SLAB_PART(two_panels, ROWS, 2)
DEFINE_SLAB_PART(one_panel, ROWS, 1)

void fv_slab_multiply_avx512(const fv_slab_product *p) {
    if (p->onto_count > 0)
        multiply_by_two_panels(p, ROWS, two_panels_onto, one_panel_onto);
    else
        multiply_by_two_panels(p, ROWS, two_panels, one_panel);
}
