/* softmax and log_softmax: PyTorch's numbers, large logits among them. */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_softmax__equals_pytorch) { fv_test_golden("softmax"); }
FV_TEST(core_ops_softmax__its_logarithm_equals_pytorch) { fv_test_golden("log_softmax"); }
FV_TEST(core_ops_softmax__says_that_there_is_no_such_axis) { fv_test_misfit("softmax", "x=f32[2,3] axis=2", "has no axis 2"); }
