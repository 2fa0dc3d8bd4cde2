/* transpose: elements and gradients go where numpy's go; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_transpose__moves_as_numpy) { fv_test_values("transpose"); }

FV_TEST(core_ops_transpose__says_what_does_not_fit) {
    fv_test_misfit("transpose", "x=f32[2,3] axes=0", "1 axes are given, but x is f32[2,3]");
    fv_test_misfit("transpose", "x=f32[2,3] axes=0,0", "axis 0 is named twice");
    fv_test_misfit("transpose", "x=f32[2,3] axes=0,2", "has no axis 2");
}
