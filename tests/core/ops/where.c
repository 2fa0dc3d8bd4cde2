/* where: PyTorch's values and gradients; what was not taken does no harm. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_where__equals_pytorch) { fv_test_values("where"); }
FV_TEST(core_ops_where__wants_a_condition) { fv_test_misfit("where", "c=f32[2] x=f32[2] y=f32[2]", "the condition is f32[2]"); }
