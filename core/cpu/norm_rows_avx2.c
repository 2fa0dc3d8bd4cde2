/* shared: norm_rows_avx2.c - batch norm of rows on their way, with AVX2, and the choice (norm_rows.h). */
#include "core/cpu/norm_rows_loops.h"
#include "core/plan/kernel.h"

void fv_norm_apply_avx2(const fv_norm_rows *r) { apply_rows(r); }
void fv_norm_gradient_avx2(const fv_norm_rows *r) { gradient_rows(r); }
void fv_norm_sums_avx2(const fv_norm_rows *r, bool past, double *sum, double *product) { sums(r, past, sum, product); }

void fv_norm_apply(const fv_norm_rows *r) { (fv_isa_best() >= FV_ISA_AVX512 ? fv_norm_apply_avx512 : fv_norm_apply_avx2)(r); }

void fv_norm_gradient(const fv_norm_rows *r) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_norm_gradient_avx512 : fv_norm_gradient_avx2)(r);
}

void fv_norm_sums(const fv_norm_rows *r, bool past, double *sum, double *product) {
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_norm_sums_avx512 : fv_norm_sums_avx2)(r, past, sum, product);
}
