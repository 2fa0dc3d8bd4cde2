/* shared: gemm_avx512.c - the same product (gemm_avx2.h) by vectors of 16. Each element is the same chain of the same
 * operations as with AVX2, so the bits are the same too. */
#include "core/cpu/gemm_chains_avx512.h"

void fv_gemm_multiply_avx512(const fv_gemm_block *block) { multiply(block); }
