/* slice: elements and gradients go where numpy's go, forwards and backwards; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_slice__moves_as_numpy) { fv_test_values("slice"); }

FV_TEST(core_ops_slice__says_what_does_not_fit) {
    fv_test_misfit("slice", "x=f32[2,3] axes=0,1 begin=1", "lists of one length");
    fv_test_misfit("slice", "x=f32[2,3] axes=2 begin=1", "has no axis 2");
    fv_test_misfit("slice", "x=f32[2,3] axes=1,-1 begin=1,1", "axis 1 is named twice");
    fv_test_misfit("slice", "x=f32[2,3] step=0", "a step of 0");
    fv_test_misfit("unslice", "dy=f32[2] like=f32[5] begin=1 end=4", "has to be f32[3]");
}
