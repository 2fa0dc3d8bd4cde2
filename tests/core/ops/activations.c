/* The activations: PyTorch's values, slopes (at every kink too) and, where they are smooth, slopes of slopes. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_activations__sigmoid_equals_pytorch) { fv_test_values("sigmoid"); }
FV_TEST(core_ops_activations__tanh_equals_pytorch) { fv_test_values("tanh"); }
FV_TEST(core_ops_activations__softplus_equals_pytorch) { fv_test_values("softplus"); }
FV_TEST(core_ops_activations__silu_equals_pytorch) { fv_test_values("silu"); }
FV_TEST(core_ops_activations__gelu_equals_pytorch) { fv_test_values("gelu"); }
FV_TEST(core_ops_activations__hard_sigmoid_equals_pytorch) { fv_test_values("hard_sigmoid"); }
FV_TEST(core_ops_activations__hard_swish_equals_pytorch) { fv_test_values("hard_swish"); }
FV_TEST(core_ops_activations__of_an_integer_are_refused) {
    fv_test_misfit("gelu", "x=i32[3]", "i32[3], but has to be floating");
}
