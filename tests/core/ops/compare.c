/* Comparisons and logic, with numpy's answers, of NaN too. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_compare__equal_and_its_opposite_equal_numpy) {
    fv_test_values("equal");
    fv_test_values("not_equal");
}

FV_TEST(core_ops_compare__orders_equal_numpy) {
    fv_test_values("less");
    fv_test_values("less_equal");
    fv_test_values("greater");
    fv_test_values("greater_equal");
}

FV_TEST(core_ops_compare__logic_equals_numpy) {
    fv_test_values("logical_and");
    fv_test_values("logical_or");
    fv_test_values("logical_not");
}

FV_TEST(core_ops_compare__logic_wants_truths) { fv_test_misfit("logical_and", "x=f32[2] y=f32[2]", "f32[2], not bool"); }
