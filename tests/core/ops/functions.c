/* Functions of one number: PyTorch's values and slopes. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_functions__neg_equals_pytorch) { fv_test_values("neg"); }
FV_TEST(core_ops_functions__abs_equals_pytorch) { fv_test_values("abs"); }
FV_TEST(core_ops_functions__square_equals_pytorch) { fv_test_values("square"); }
FV_TEST(core_ops_functions__sign_equals_numpy) { fv_test_values("sign"); }
FV_TEST(core_ops_functions__floor_equals_numpy) { fv_test_values("floor"); }
FV_TEST(core_ops_functions__exp_equals_pytorch) { fv_test_values("exp"); }
FV_TEST(core_ops_functions__log_equals_pytorch) { fv_test_values("log"); }
FV_TEST(core_ops_functions__sqrt_equals_pytorch) { fv_test_values("sqrt"); }
FV_TEST(core_ops_functions__erf_equals_pytorch) { fv_test_values("erf"); }
FV_TEST(core_ops_functions__of_a_truth_are_refused) { fv_test_misfit("neg", "x=bool[3]", "bool[3] is no number"); }
