/* reshape, squeeze, unsqueeze: elements and gradients go where numpy's go; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_reshape__moves_as_numpy) { fv_test_values("reshape"); }
FV_TEST(core_ops_reshape__reshape_like_moves_as_numpy) { fv_test_values("reshape_like"); }
FV_TEST(core_ops_reshape__squeeze_moves_as_numpy) { fv_test_values("squeeze"); }
FV_TEST(core_ops_reshape__unsqueeze_moves_as_numpy) { fv_test_values("unsqueeze"); }

FV_TEST(core_ops_reshape__says_what_does_not_fit) {
    fv_test_misfit("reshape", "x=f32[2,3] dims=4,-1", "f32[2,3] has 6 elements and cannot become f32[4,-1]");
    fv_test_misfit("reshape", "x=f32[2,3] dims=-1,-1", "only one dimension");
    fv_test_misfit("reshape", "x=f32[6] dims=2,0", "dimension 1 is to be kept, but x has 1");
    fv_test_misfit("reshape", "x=f32[0,3] dims=0,-1", "cannot become f32[0,-1]");
    fv_test_misfit("reshape", "x=f32[6] dims=4294967296,4294967296", "63 bits");
    fv_test_misfit("reshape_like", "x=f32[6] like=f32[5]", "cannot become f32[5]");
    fv_test_misfit("squeeze", "x=f32[2,3] axes=1", "axis 1 of f32[2,3] is not of size 1");
    fv_test_misfit("unsqueeze", "x=f32[2] axes=1,-2", "axis -2");
    fv_test_misfit("unsqueeze", "x=f32[1,1,1,1,1,1,1,1] axes=0", "9 dimensions");
}
