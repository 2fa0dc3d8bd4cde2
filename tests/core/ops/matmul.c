/* matmul: PyTorch's numbers; shapes that do not fit. */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_matmul__equals_pytorch) { fv_test_golden("matmul"); }

FV_TEST(core_ops_matmul__says_which_numbers_do_not_fit) {
    fv_test_misfit("matmul", "a=f32[3,5] b=f32[7,5]", "f32[3,5] by f32[7,5]: rows of 5 by columns of 7");
    fv_test_misfit("matmul", "a=f32[3,5] b=f32[5,7] transpose_a=true", "f32[3,5] transposed by f32[5,7]: rows of 3");
    fv_test_misfit("matmul", "a=f32[5] b=f32[5,7]", "two dimensions at least");
    fv_test_misfit("matmul", "a=f32[2,3,5] b=f32[3,5,7]", "f32[2,3,5] by f32[3,5,7]");
}
