/* resize and its gradient: PyTorch's numbers; shapes and options that do not fit. */
#include "core/plan/selftest.h"
#include "tests/core/ops/golden.h"
#include "tests/test.h"

FV_TEST(core_ops_resize__equals_pytorch) { fv_test_golden("resize"); }
FV_TEST(core_ops_resize__gradient_equals_pytorch) { fv_test_golden("resize_grad"); }

FV_TEST(core_ops_resize__wants_either_size_or_scale) {
    static const char *const lines[] = { "x=f32[1,4,4,1]", "x=f32[1,4,4,1] size=2 scale=0.5",
                                         "x=f32[1,4,4,1] size=2 align_corners=true" };
    for (int i = 0; i < 3; i++) {
        FV_OWNED(fv_case) c = NULL;
        FV_FAILS(fv_case_new(fv_op_find("resize"), lines[i], false, &c), FV_USAGE,
                 i < 2 ? "either size or scale" : "bilinear only");
    }
}

FV_TEST(core_ops_resize__says_what_does_not_fit) {
    fv_test_misfit("resize", "x=f32[1,4,4,1] scale=0.2", "the height of 4 scaled by 0.2 is 0.8");
    fv_test_misfit("resize", "x=f32[1,4,0,1] size=2", "without pixels");
    fv_test_misfit("resize_grad", "dy=f32[1,3,3,1] like=f32[1,4,4,1] size=2", "has to be f32[1,2,2,1]");
}
