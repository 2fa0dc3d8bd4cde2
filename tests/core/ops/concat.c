/* Joining and cutting: elements and gradients go where numpy's go, parts that nobody uses get none; what does not fit. */
#include "fovea/plan.h"
#include "tests/core/ops/golden.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_concat__joins_as_numpy) { fv_test_values("concat"); }
FV_TEST(core_ops_concat__split_cuts_as_numpy) { fv_test_values("split"); }
FV_TEST(core_ops_concat__split_like_cuts_as_numpy) { fv_test_values("split_like"); }

FV_TEST(core_ops_concat__a_part_that_nobody_uses_has_the_gradient_zero) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_weights_new(&weights));
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F32, 2, 3)), d;
    fv_value middle = fv_output_of(fv_apply(g, "split", FV_VALUES(x), "sizes=1,1,1"), 1);
    fv_graph_gradients(g, fv_apply(g, "sum", FV_VALUES(middle), NULL), &x, 1, &d);
    fv_graph_output(g, "d", d);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    FV_OK(fv_plan_run(plan));
    const float want[] = { 0, 1, 0, 0, 1, 0 };
    assert_memory_equal(fv_plan_result(plan, "d")->data, want, sizeof want);
}

FV_TEST(core_ops_concat__says_what_does_not_fit) {
    fv_test_misfit("concat", "x0=f32[2,3] x1=f32[3,3]", "f32[2,3] and f32[3,3] do not agree outside of axis 1");
    fv_test_misfit("concat", "x0=f32[2,3] x1=f32[2]", "do not agree");
    fv_test_misfit("concat", "x0=f32[2] x1=i64[2]", "dtypes differ");
    fv_test_misfit("split", "x=f32[2,3] sizes=1,1", "the sizes add up to 2, but axis 1 of f32[2,3] has 3");
    fv_test_misfit("split_like", "x=f32[3] a=f32[1] b=f32[1]", "has to be f32[2]");
}
