/* Targets of a recipe: read, refused, met. */
#include "train/goals.h"

#include <math.h>

#include "tests/test.h"

static fv_arena *arena;
static fv_goals parse(const char *text) {
    fv_goals goals;
    FV_OK(fv_goals_parse(text, FV_ONE_CLASS, 5, arena, &goals));
    return goals;
}

FV_TEST(train_goals__are_a_name_a_comparison_and_a_number) {
    FV_OK(fv_arena_new("goals", 1 << 20, &arena));
    fv_goals goals = parse(" top1 >= 0.95; latency_ms<=20;\n f1 average=macro>=0.9 ;size_mb<=5e1;");
    assert_int_equal(goals.count, 4);
    assert_string_equal(goals.at[0].what, "top1");
    assert_false(goals.at[0].at_most);
    assert_true(goals.at[0].bound == 0.95);
    assert_true(fv_goal_is_latency(&goals.at[1]) && goals.at[1].at_most);
    assert_string_equal(goals.at[2].what, "f1 average=macro");
    assert_true(fv_goal_is_size(&goals.at[3]) && goals.at[3].bound == 50);
    assert_int_equal(parse(NULL).count, 0);
    assert_int_equal(parse(" ; ").count, 0);
    fv_arena_free(arena);
}

FV_TEST(train_goals__say_what_they_cannot_read) {
    fv_goals goals;
    FV_OK(fv_arena_new("goals", 1 << 20, &arena));
    FV_FAILS(fv_goals_parse("top1", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "\"top1\" compares nothing");
    FV_FAILS(fv_goals_parse("top1>0.9", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "compares nothing");
    FV_FAILS(fv_goals_parse("top1>=95 %", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "\"95 %\" is no number");
    FV_FAILS(fv_goals_parse("top1>=nan", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "no number");
    FV_FAILS(fv_goals_parse("size_mb<=1; topp1>=0.9", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "topp1");
    FV_FAILS(fv_goals_parse("rmse<=1", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "not for one class a sample");
    FV_FAILS(fv_goals_parse("top1>=0.9", FV_MULTI_LABEL, 5, arena, &goals), FV_USAGE, "not for several labels");
    FV_FAILS(fv_goals_parse("top1>=0.9", FV_NUMBERS, 0, arena, &goals), FV_USAGE, "not for numbers");
    FV_OK(fv_goals_parse("hamming_loss<=0.1", FV_MULTI_LABEL, 5, arena, &goals));
    FV_OK(fv_goals_parse("rmse<=1; r2>=0.5", FV_NUMBERS, 0, arena, &goals));
    FV_FAILS(fv_goals_parse("<=1", FV_ONE_CLASS, 5, arena, &goals), FV_USAGE, "targets");
    fv_arena_free(arena);
}

FV_TEST(train_goals__are_met_at_their_bound_and_never_by_nan) {
    assert_true(fv_goal_met(&(fv_goal){ "top1", false, 0.9, 0.9 }));
    assert_false(fv_goal_met(&(fv_goal){ "top1", false, 0.9, 0.89 }));
    assert_true(fv_goal_met(&(fv_goal){ "log_loss", true, 0.9, 0.9 }));
    assert_false(fv_goal_met(&(fv_goal){ "log_loss", true, 0.9, 0.91 }));
    assert_false(fv_goal_met(&(fv_goal){ "top1", false, 0.9, NAN }));
    assert_false(fv_goal_met(&(fv_goal){ "log_loss", true, 0.9, NAN }));
}
