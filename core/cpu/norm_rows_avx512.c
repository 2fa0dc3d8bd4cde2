/* shared: norm_rows_avx512.c - batch norm of rows on their way, with AVX-512 (norm_rows.h). */
#include "core/cpu/norm_rows_loops.h"

void fv_norm_apply_avx512(const fv_norm_rows *r) { apply_rows(r); }
void fv_norm_gradient_avx512(const fv_norm_rows *r) { gradient_rows(r); }
void fv_norm_sums_avx512(const fv_norm_rows *r, bool past, double *sum, double *product) { sums(r, past, sum, product); }
