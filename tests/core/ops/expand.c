/* Broadcasting as an op: elements and gradients go where numpy's go; what does not fit. */
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_expand__expand_like_moves_as_numpy) { fv_test_values("expand_like"); }
FV_TEST(core_ops_expand__broadcast_to_moves_as_numpy) { fv_test_values("broadcast_to"); }

FV_TEST(core_ops_expand__says_what_does_not_fit) {
    fv_test_misfit("expand_like", "x=f32[2,3] like=f32[3]", "f32[2,3] cannot be broadcast to f32[3]");
    fv_test_misfit("broadcast_to", "x=f32[2] dims=3,3", "do not broadcast");
    fv_test_misfit("broadcast_to", "x=f32[2] dims=0,2", "dimension 0 is to be kept, but x has 1");
}
