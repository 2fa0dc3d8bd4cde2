/* clamp: PyTorch's values and gradients, at the bounds too. */
#include "core/plan/selftest.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_clamp__equals_pytorch) { fv_test_values("clamp"); }

FV_TEST(core_ops_clamp__wants_its_bounds_in_order) {
    FV_OWNED(fv_case) c = NULL;
    FV_FAILS(fv_case_new(fv_op_find("clamp"), "x=f32[2] min=2 max=1", false, &c), FV_USAGE, "2 and 1");
}
