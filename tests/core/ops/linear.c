/* linear and its gradients: PyTorch's numbers; shapes that do not fit. */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_linear__equals_pytorch) { fv_test_golden("linear"); }
FV_TEST(core_ops_linear__gradient_for_the_input_equals_pytorch) { fv_test_golden("linear_grad_input"); }
FV_TEST(core_ops_linear__gradient_for_the_weights_equals_pytorch) { fv_test_golden("linear_grad_weights"); }

FV_TEST(core_ops_linear__says_which_numbers_do_not_fit) {
    fv_test_misfit("linear", "x=f32[3,6] w=f32[7,5]", "the last dimension of x f32[3,6] has to be dimension 1 of w f32[7,5]");
    fv_test_misfit("linear", "x=f32[3,5] w=f32[7,5] bias=f32[5]", "bias is f32[5], but has to be f32[7]");
    fv_test_misfit("linear", "x=f32[] w=f32[7,5]", "scalar");
    fv_test_misfit("linear_grad_input", "dy=f32[3,5] w=f32[7,5]", "dimension 0 of w");
    fv_test_misfit("linear_grad_weights", "x=f32[3,5] dy=f32[4,7]", "dy is f32[4,7], but has to be f32[3,7]");
}
