/* Reductions: PyTorch's values and gradients, ties among them; argmax is numpy's, the lowest index; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_reduce__sum_equals_pytorch) { fv_test_values("sum"); }
FV_TEST(core_ops_reduce__mean_equals_pytorch) { fv_test_values("mean"); }
FV_TEST(core_ops_reduce__max_equals_pytorch) { fv_test_values("max"); }
FV_TEST(core_ops_reduce__min_equals_pytorch) { fv_test_values("min"); }
FV_TEST(core_ops_reduce__variance_equals_pytorch) { fv_test_values("variance"); }
FV_TEST(core_ops_reduce__argmax_equals_numpy) { fv_test_values("argmax"); }
FV_TEST(core_ops_reduce__sum_like_equals_pytorch) { fv_test_values("sum_like"); }

FV_TEST(core_ops_reduce__says_what_does_not_fit) {
    fv_test_misfit("sum", "x=f32[2,3] axes=2", "f32[2,3] has no axis 2");
    fv_test_misfit("sum", "x=f32[2,3] axes=1,-1", "axis 1 is named twice");
    fv_test_misfit("sum", "x=u8[2,3]", "a sum of u8 would soon not fit it");
    fv_test_misfit("max", "x=f32[2,0] axes=1", "axis 1 is empty");
    fv_test_misfit("argmax", "x=f32[2,3] axes=0,1", "one axis");
    fv_test_misfit("mean", "x=i64[2,3]", "floating point");
    fv_test_misfit("sum_like", "x=f32[2,3] like=f32[4,3]", "do not broadcast");
    fv_test_misfit("sum_like", "x=f32[3] like=f32[2,3]", "f32[3] is no broadcast of f32[2,3]");
}
