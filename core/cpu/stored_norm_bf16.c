/* shared: stored_norm_bf16.c - batch norm of rows that may be bf16, with AVX-512 and its bf16 (stored_rows.h). */
#include "core/cpu/stored_norm_loops.h"

const fv_stored_norm_loops fv_stored_norm_bf16 = { sums, gradient_sums, apply, gradient };
