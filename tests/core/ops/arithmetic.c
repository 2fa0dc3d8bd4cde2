/* Arithmetic: PyTorch's values and gradients, through broadcasts, at ties and where a power has no slope; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_arithmetic__add_equals_pytorch) { fv_test_values("add"); }
FV_TEST(core_ops_arithmetic__sub_equals_pytorch) { fv_test_values("sub"); }
FV_TEST(core_ops_arithmetic__mul_equals_pytorch) { fv_test_values("mul"); }
FV_TEST(core_ops_arithmetic__div_equals_pytorch) { fv_test_values("div"); }
FV_TEST(core_ops_arithmetic__minimum_equals_pytorch) { fv_test_values("minimum"); }
FV_TEST(core_ops_arithmetic__maximum_equals_pytorch) { fv_test_values("maximum"); }
FV_TEST(core_ops_arithmetic__pow_equals_pytorch) { fv_test_values("pow"); }

FV_TEST(core_ops_arithmetic__says_what_does_not_fit) {
    fv_test_misfit("add", "x=f32[2,3] y=f32[2]", "f32[2,3] and f32[2] do not broadcast");
    fv_test_misfit("mul", "x=f32[2] y=i64[2]", "dtypes differ: f32[2] and i64[2]");
    fv_test_misfit("sub", "x=bool[2] y=bool[2]", "is no number");
    fv_test_misfit("div", "x=i64[2] y=i64[2]", "floating point");
}
