/* pad and its gradient: PyTorch's numbers; shapes that do not fit. */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_pad__equals_pytorch) { fv_test_golden("pad"); }
FV_TEST(core_ops_pad__gradient_equals_pytorch) { fv_test_golden("pad_grad"); }

FV_TEST(core_ops_pad__says_what_does_not_fit) {
    fv_test_misfit("pad", "x=f32[3,4] begin=1 end=1,1", "begin has 1 numbers, end 2, but x f32[3,4] has 2 axes");
    fv_test_misfit("pad", "x=f32[3,4] begin=3,0 end=0,0 mode=reflect", "axis 0 of 3 cannot be reflected by 3: 2 at most");
    fv_test_misfit("pad", "x=f32[0,4] begin=1,0 end=0,0 mode=edge", "no edge to repeat");
    fv_test_misfit("pad_grad", "dy=f32[5,4] like=f32[3,4] begin=1,0 end=0,0", "has to be f32[4,4]");
}
