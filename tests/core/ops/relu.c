/* The ReLU family: PyTorch's values and slopes, at 0 and 6 and of NaN too. */
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_relu__equals_pytorch) { fv_test_values("relu"); }
FV_TEST(core_ops_relu__relu6_equals_pytorch) { fv_test_values("relu6"); }
FV_TEST(core_ops_relu__leaky_relu_equals_pytorch) { fv_test_values("leaky_relu"); }
