/* inverted_bottleneck: shapes that do not fit. (Its numbers are those of the convolutions it stands for:
 * core/plan/fuse_bottleneck.) */
#include "tests/core/ops/golden.h"
#include "tests/test.h"

#define GOOD_X "x=f32[2,7,5,3] e=f32[8,1,1,3] eb=f32[8] "
#define GOOD_D "d=f32[8,3,3,1] db=f32[8] "
#define GOOD_P "p=f32[4,1,1,8] pb=f32[4]"

static void misfit(const char *line, const char *message) { fv_test_misfit("inverted_bottleneck", line, message); }

FV_TEST(core_ops_inverted_bottleneck__says_which_numbers_do_not_fit) {
    misfit("x=f32[2,7,5,3] e=f32[8,1,1,4] eb=f32[8] " GOOD_D GOOD_P, "expand is f32[8,1,1,4], but reads 3 channels");
    misfit("x=f32[2,7,5,3] e=f32[8,1,1,3] eb=f32[7] " GOOD_D GOOD_P, "expand_bias is f32[7], but has to be f32[8]");
    misfit(GOOD_X "d=f32[9,3,3,1] db=f32[9] " GOOD_P, "depthwise is f32[9,3,3,1], but gives 8 channels");
    misfit(GOOD_X "d=f32[8,3,3,2] db=f32[8] " GOOD_P, "depthwise is f32[8,3,3,2], but reads 1 channels");
    misfit(GOOD_X GOOD_D "p=f32[4,1,1,9] pb=f32[4]", "project is f32[4,1,1,9], but reads 8 channels");
    misfit(GOOD_X GOOD_D "p=f32[4,3,3,8] pb=f32[4] padding=1", "project is f32[4,3,3,8], but has to be 1×1");
    misfit(GOOD_X GOOD_D GOOD_P " r=f32[2,7,5,4]", "residual is f32[2,7,5,4], but has to be f32[2,5,3,4]");
    misfit(GOOD_X "d=f32[8,9,9,1] db=f32[8] " GOOD_P, "does not fit into the height of 7");
}
