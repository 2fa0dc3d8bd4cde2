/* Which core OpenBLAS is asked for. */
#include "core/cpu/blas.h"

#include "tests/test.h"

FV_TEST(core_cpu_blas__is_asked_for_a_core_with_vectors_where_it_fell_back_to_one_without) {
    assert_string_equal(fv_blas_better_core("Prescott", FV_ISA_AVX2), "Haswell");
    assert_string_equal(fv_blas_better_core("Prescott", FV_ISA_AVX512), "SkylakeX");
}

FV_TEST(core_cpu_blas__keeps_the_core_that_it_knows_the_cpu_by) {
    assert_null(fv_blas_better_core("Zen", FV_ISA_AVX2));
    assert_null(fv_blas_better_core("SkylakeX", FV_ISA_AVX512));
    assert_null(fv_blas_better_core("Prescott", FV_ISA_PORTABLE));
}
