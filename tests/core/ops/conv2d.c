/* conv2d and its gradients: PyTorch's numbers; shapes that do not fit. */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_conv2d__equals_pytorch) { fv_test_golden("conv2d"); }
FV_TEST(core_ops_conv2d__gradient_for_the_input_equals_pytorch) { fv_test_golden("conv2d_grad_input"); }
FV_TEST(core_ops_conv2d__gradient_for_the_weights_equals_pytorch) { fv_test_golden("conv2d_grad_weights"); }

FV_TEST(core_ops_conv2d__says_which_numbers_do_not_fit) {
    fv_test_misfit("conv2d", "x=f32[2,7,5,3] w=f32[4,3,3,5]", "x has 3 channels, but w f32[4,3,3,5] with groups=1 reads 1 × 5");
    fv_test_misfit("conv2d", "x=f32[2,7,5,4] w=f32[3,3,3,2] groups=2", "3 output channels cannot be cut into 2 groups");
    fv_test_misfit("conv2d", "x=f32[2,7,2,3] w=f32[4,3,3,3]", "spans 3 does not fit into the width of 2");
    fv_test_misfit("conv2d", "x=f32[2,4,9,3] w=f32[4,3,3,3] dilation=3 padding=1", "spans 7 does not fit into the height of 4");
    fv_test_misfit("conv2d", "x=f32[2,0,5,3] w=f32[4,1,1,3] padding=1", "height of 0");
    fv_test_misfit("conv2d", "x=f32[2,7,5,3] w=f32[4,3,3,3] bias=f32[3]", "bias is f32[3], but has to be f32[4]");
    fv_test_misfit("conv2d", "x=f32[2,7,5,3] w=f64[4,3,3,3]", "w is f64[4,3,3,3], but the first input is f32");
    fv_test_misfit("conv2d", "x=i32[2,7,5,3] w=i32[4,3,3,3]", "has to be floating point");
    fv_test_misfit("conv2d", "x=f32[7,5,3] w=f32[4,3,3,3]", "4 dimensions (NHWC)");
}

FV_TEST(core_ops_conv2d__gradients_refuse_a_dy_that_is_not_the_outputs) {
    fv_test_misfit("conv2d_grad_input", "dy=f32[2,5,4,4] w=f32[4,3,3,3] like=f32[2,7,5,3]", "has to be f32[2,5,3,4]");
    fv_test_misfit("conv2d_grad_weights", "x=f32[2,7,5,3] dy=f32[1,5,3,4] like=f32[4,3,3,3]", "has to be f32[2,5,3,4]");
}
