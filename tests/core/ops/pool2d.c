/* Pooling of every kind and its gradients: PyTorch's numbers; ties and NaN; shapes that do not fit. */
#include <math.h>

#include "core/plan/selftest.h"
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_pool2d__max_equals_pytorch) { fv_test_golden("max_pool2d"); }
FV_TEST(core_ops_pool2d__gradient_of_max_equals_pytorch) { fv_test_golden("max_pool2d_grad"); }
FV_TEST(core_ops_pool2d__average_equals_pytorch) { fv_test_golden("avg_pool2d"); }
FV_TEST(core_ops_pool2d__gradient_of_average_equals_pytorch) { fv_test_golden("avg_pool2d_grad"); }
FV_TEST(core_ops_pool2d__adaptive_average_equals_pytorch) { fv_test_golden("adaptive_avg_pool2d"); }
FV_TEST(core_ops_pool2d__gradient_of_adaptive_average_equals_pytorch) { fv_test_golden("adaptive_avg_pool2d_grad"); }
FV_TEST(core_ops_pool2d__global_average_equals_pytorch) { fv_test_golden("global_avg_pool2d"); }

/* The gradient of the one window over a 2×2 picture with these values; dy is 1. */
static void gradient_of(const double values[4], double gradient[4]) {
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(fv_op_find("max_pool2d_grad"), "x=f32[1,2,2,1] dy=f32[1,1,1,1]:1..1 window=2", false, &c));
    for (int i = 0; i < 4; i++) fv_tensor_store(&c->call.inputs[0], i, values[i]);
    c->call.op->reference(&c->call);
    for (int i = 0; i < 4; i++) gradient[i] = fv_tensor_load(&c->call.outputs[0], i);
}

static void expect_winner(const double values[4], int winner) {
    double gradient[4];
    gradient_of(values, gradient);
    for (int i = 0; i < 4; i++) assert_true(gradient[i] == (i == winner));
}

FV_TEST(core_ops_pool2d__the_first_of_equal_pixels_gets_the_gradient) {
    expect_winner((double[]){ 1, 7, 7, 7 }, 1);
    expect_winner((double[]){ -INFINITY, -INFINITY, -INFINITY, -INFINITY }, 0);
}

FV_TEST(core_ops_pool2d__a_nan_wins) {
    expect_winner((double[]){ 1, NAN, 7, 9 }, 1);
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(fv_op_find("max_pool2d"), "x=f32[1,2,2,1] window=2", false, &c));
    fv_tensor_store(&c->call.inputs[0], 0, NAN);
    c->call.op->reference(&c->call);
    assert_true(isnan(fv_tensor_load(&c->call.outputs[0], 0)));
}

FV_TEST(core_ops_pool2d__says_which_numbers_do_not_fit) {
    fv_test_misfit("max_pool2d", "x=f32[1,2,5,3] window=3", "spans 3 does not fit into the height of 2 with padding 0 and 0");
    fv_test_misfit("max_pool2d", "x=f32[1,5,5,3] window=2 padding=0,2,0,0", "padding of 2 and 0 along the width");
    fv_test_misfit("avg_pool2d", "x=f32[1,5,0,3] window=1", "width of 0");
    fv_test_misfit("max_pool2d_grad", "x=f32[1,6,6,3] dy=f32[1,3,2,3] window=2 stride=2", "has to be f32[1,3,3,3]");
    fv_test_misfit("adaptive_avg_pool2d", "x=f32[1,0,5,3] size=1", "without pixels");
    fv_test_misfit("adaptive_avg_pool2d_grad", "dy=f32[1,2,2,3] like=f32[1,5,5,3] size=3", "has to be f32[1,3,3,3]");
}
