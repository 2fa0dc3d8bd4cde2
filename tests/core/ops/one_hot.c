/* one_hot: rows as numpy's identity has them; zeros for what is no class. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_one_hot__rows_are_those_of_the_identity) { fv_test_values("one_hot"); }
FV_TEST(core_ops_one_hot__wants_integers) { fv_test_misfit("one_hot", "x=f32[2] classes=3", "class numbers are integers"); }
