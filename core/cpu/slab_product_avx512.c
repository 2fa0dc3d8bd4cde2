/* shared: slab_product_avx512.c - the product of slabs (slab_product.h) by vectors of 16: 8×32, that is 16 sums, 2 vectors of
 * b, one of a. */
#include "core/cpu/slab_product_chains.h"

DEFINE_SLAB_MULTIPLY(fv_slab_multiply_avx512)
