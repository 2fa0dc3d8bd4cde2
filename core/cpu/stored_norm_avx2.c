/* shared: stored_norm_avx2.c - batch norm of rows that may be bf16, with AVX2 (stored_rows.h). */
#include "core/cpu/stored_norm_loops.h"

const fv_stored_norm_loops fv_stored_norm_avx2 = { sums, gradient_sums, apply, gradient };
