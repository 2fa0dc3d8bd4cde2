/* Programs of elementwise ops by the widest vectors: the same bits as by vectors of 8. */
#include <string.h>

#include "core/plan/selftest.h"
#include "tests/core/cpu/kernels.h"
#include "tests/test.h"

static const char functions[] = "x0=f32[3,1111]:-9..9 x1=f32[3,1111]:0.1..4 program=\"exp i0; log i1; erf i0; gelu i0; "
                                "gelu_slope i0; tanh i0; sigmoid i0; softplus i0; silu i0; hard_swish i0\" "
                                "results=t0,t1,t2,t3,t4,t5,t6,t7,t8,t9";
static const char others[] =
    "x0=f32[3,1111]:-9..9 x1=f32[3,1111]:0.1..4 program=\"gelu i0 approximate=tanh; sqrt i1; mul t1 i0; "
    "sub t2 i1; div t3 i1; less i0 i1; where t5 t4 t0; square t6; cast t7 dtype=bf16; cast t8 dtype=f32\" "
    "results=t7,t4,t5,t8,t9";

static void run(const char *kernel, fv_case **owned, const char *line) {
    FV_OK(fv_case_new(fv_op_find("elementwise"), line, false, owned));
    (*owned)->call.threads = 1;
    FV_OK(fv_kernel_run_alone(fv_test_vector_kernel(kernel), &(*owned)->call));
}

static void check(const char *line) {
    FV_OWNED(fv_case) eight = NULL;
    FV_OWNED(fv_case) sixteen = NULL;
    run("elementwise_blocks_any_avx2", &eight, line);
    run("elementwise_blocks_any_avx512", &sixteen, line);
    for (int k = 0; k < eight->call.output_count; k++) {
        const fv_tensor *y = &eight->call.outputs[k];
        size_t bytes = (size_t)(fv_type_count(&y->type) * fv_dtype_size(y->type.dtype));
        assert_memory_equal(y->data, sixteen->call.outputs[k].data, bytes);
    }
}

FV_TEST(core_cpu_elementwise_blocks__have_the_same_bits_by_vectors_of_8_and_16) {
    if (fv_isa_best() < FV_ISA_AVX512) skip();
    check(functions);
    check(others);
}
