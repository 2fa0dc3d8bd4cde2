/* Runs side by side: what differs, which are one recipe, and the verdicts. */
#include "experiments/compare.h"

#include <math.h>
#include <stdio.h>

#include "tests/experiments/runs.h"
#include "tests/test.h"

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a test", 1 << 26, &arena));
    return arena;
}

/* `right` of `count` pictures, from the first on. */
static fv_run_outcomes *right_of(int right, int count, fv_arena *arena) {
    char truths[128] = { 0 }, answers[128] = { 0 };
    for (int i = 0; i < count; i++) {
        truths[i] = i % 2 ? 'a' : 'b';
        answers[i] = (i < right) == (i % 2) ? 'a' : 'b';
    }
    return made_up_outcomes(truths, answers, arena);
}

static void expect_contains(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("\"%s\" does not say \"%s\"", text, part);
}

FV_TEST(experiments_compare__says_only_the_settings_that_differ) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, NULL, arena),
                                  made_up_run("y", "lenet", NULL, "2", 1, 0.9, NULL, arena) };
    const fv_run_difference *differences;
    int64_t count;
    FV_OK(fv_runs_differences(runs, 2, arena, &differences, &count));
    assert_int_equal(count, 2);
    assert_string_equal(differences[0].key, "learning_rate");
    assert_string_equal(differences[0].values[0], "0.1");
    assert_null(differences[0].values[1]);
    assert_string_equal(differences[1].key, "seed");
}

FV_TEST(experiments_compare__runs_that_differ_by_their_seed_are_one_recipe) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("lenet5-1", "lenet", "0.1", "1", 1, 0.9, NULL, arena),
                                  made_up_run("other", "vgg", "0.1", "1", 1, 0.9, NULL, arena),
                                  made_up_run("lenet5-12", "lenet", "0.1", "12", 1, 0.9, NULL, arena),
                                  made_up_run("a", "vgg", "0.2", "1", 1, 0.9, NULL, arena),
                                  made_up_run("b", "vgg", "0.2", "2", 1, 0.9, NULL, arena) };
    const fv_run_group *groups;
    const int64_t *group_of;
    int64_t count;
    FV_OK(fv_runs_group(runs, 5, arena, &groups, &count, &group_of));
    assert_int_equal(count, 3);
    assert_string_equal(groups[0].name, "lenet5");
    assert_true(groups[0].count == 2 && groups[0].runs[1] == 2 && group_of[2] == 0);
    assert_string_equal(groups[1].name, "other");
    assert_string_equal(groups[2].name, "a and 1 more");
}

/* Three seeds each; the scores of the second recipe are `by` above. */
static void three_and_three(fv_run_facts runs[6], double by, const fv_run_outcomes *const outcomes[6], fv_arena *arena) {
    static const double scores[] = { 0.90, 0.92, 0.91 };
    static const char *const names[] = { "one-1", "one-2", "one-3", "two-1", "two-2", "two-3" }, *const seeds[] = { "1", "2",
                                                                                                                    "3" };
    for (int i = 0; i < 6; i++)
        runs[i] = made_up_run(names[i], i < 3 ? "lenet" : "vgg", "0.1", seeds[i % 3], 1, scores[i % 3] + (i < 3 ? 0 : by),
                              outcomes ? outcomes[i] : NULL, arena);
}

FV_TEST(experiments_compare__a_difference_inside_seed_noise_is_called_that) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[6];
    fv_comparison c;
    three_and_three(runs, 0.003, NULL, arena);
    FV_OK(fv_runs_compare(runs, 6, NULL, arena, &c));
    const fv_verdict *v = &c.group_verdicts[0].verdict;
    assert_string_equal(c.metric, "val_top1");
    assert_true(!c.of_pictures && c.group_verdict_count == 1 && v->kind == FV_VERDICT_ALIKE);
    assert_true(fabs(c.groups[0].mean.mean - 0.92) < 1e-12 && fabs(c.groups[0].mean.sd - 0.01) < 1e-12); /* the best epochs */
    assert_true(v->interval.low < 0 && v->interval.high > 0 && fabs(v->gain - 0.003) < 1e-12);
    expect_contains(v->text, "inside seed noise: +0.30 points (95 %: −");
    expect_contains(v->text, "Welch's t over 3 and 3 seeds");
    expect_contains(c.pairs[0].verdict.text, "not comparable: no predictions were kept of one of them");
}

FV_TEST(experiments_compare__a_difference_beyond_seed_noise_is_better_or_worse) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[6];
    fv_comparison c;
    three_and_three(runs, 0.05, NULL, arena);
    FV_OK(fv_runs_compare(runs, 6, NULL, arena, &c));
    const fv_verdict *v = &c.group_verdicts[0].verdict;
    assert_true(v->kind == FV_VERDICT_BETTER && v->p < 0.01);
    expect_contains(v->text, "better by 5.00 points (95 %: 2.73 to 7.27), p = 0.004, Welch's t over 3 and 3 seeds");
    three_and_three(runs, -0.05, NULL, arena);
    FV_OK(fv_runs_compare(runs, 6, NULL, arena, &c));
    expect_contains(c.group_verdicts[0].verdict.text, "worse by 5.00 points (95 %: 2.73 to 7.27), p = 0.004");
}

FV_TEST(experiments_compare__one_run_each_says_nothing_of_recipes) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, NULL, arena),
                                  made_up_run("y", "vgg", "0.1", "1", 0.5, 0.95, NULL, arena) };
    fv_comparison c;
    FV_OK(fv_runs_compare(runs, 2, &(fv_compare_options){ .metric = "val_loss" }, arena, &c));
    const fv_verdict *v = &c.group_verdicts[0].verdict;
    assert_true(c.lower_is_better && v->kind == FV_VERDICT_UNKNOWN && v->gain == 0.5 && isnan(v->p));
    expect_contains(v->text, "one run each: how far a seed moves it is not known");
}

FV_TEST(experiments_compare__models_are_told_apart_by_the_pictures_that_one_has_right) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, right_of(80, 100, arena), arena),
                                  made_up_run("y", "lenet", "0.1", "2", 1, 0.9, right_of(90, 100, arena), arena),
                                  made_up_run("z", "lenet", "0.1", "3", 1, 0.9, right_of(81, 100, arena), arena) };
    fv_comparison c;
    FV_OK(fv_runs_compare(runs, 3, NULL, arena, &c));
    assert_string_equal(c.metric, "top1");
    assert_true(c.of_pictures && c.values[0] == 0.8 && c.intervals[0].low > 0.7 && c.intervals[0].high < 0.87);
    assert_true(c.group_count == 1 && !c.group_verdict_count && fabs(c.groups[0].mean.mean - 2.51 / 3) < 1e-12);
    const fv_pair_verdict *better = &c.pairs[0], *alike = &c.pairs[1];
    assert_true(better->mcnemar.only_first == 0 && better->mcnemar.only_second == 10);
    assert_true(better->verdict.kind == FV_VERDICT_BETTER && fabs(better->verdict.p - 2 * better->mcnemar.exact) < 1e-12);
    expect_contains(better->verdict.text,
                    "better by 10.0 points (95 %: 5.5 to 17.4), p = 0.004 (Holm's, of 2 tests), McNemar's test, "
                    "exact, 0 against 10 pictures");
    assert_int_equal(alike->verdict.kind, FV_VERDICT_ALIKE);
    expect_contains(alike->verdict.text, "not told apart by these pictures: +1.0 points");
}

FV_TEST(experiments_compare__any_metric_of_the_pictures_has_its_test) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, right_of(60, 100, arena), arena),
                                  made_up_run("y", "lenet", "0.1", "2", 1, 0.9, right_of(90, 100, arena), arena) };
    fv_comparison c;
    FV_OK(fv_runs_compare(runs, 2, &(fv_compare_options){ .metric = "log_loss", .permutations = 1000 }, arena, &c));
    assert_true(c.lower_is_better && !c.share && c.values[0] > c.values[1]);
    assert_true(c.pairs[0].verdict.kind == FV_VERDICT_BETTER && c.pairs[0].verdict.gain > 0);
    expect_contains(c.pairs[0].verdict.text, "permutation test, sampled, 30 pictures differ");
    FV_FAILS(fv_runs_compare(runs, 2, &(fv_compare_options){ .metric = "topp1" }, arena, &c), FV_USAGE, "topp1");
    FV_FAILS(fv_runs_compare(runs, 2, &(fv_compare_options){ .metric = "mae" }, arena, &c), FV_USAGE, "mae");
}

FV_TEST(experiments_compare__unlike_test_sets_are_refused_with_the_reason) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, right_of(80, 100, arena), arena),
                                  made_up_run("y", "vgg", "0.1", "1", 1, 0.9, right_of(80, 99, arena), arena),
                                  made_up_run("y2", "vgg", "0.1", "2", 1, 0.9, right_of(80, 99, arena), arena) };
    fv_comparison c;
    FV_OK(fv_runs_compare(runs, 3, NULL, arena, &c));
    assert_int_equal(c.group_verdicts[0].verdict.kind, FV_VERDICT_REFUSED);
    assert_int_equal(c.pairs[0].verdict.kind, FV_VERDICT_REFUSED);
    expect_contains(c.pairs[0].verdict.text, "not comparable: other test pictures: 1 picture is only in the first: 99.png");
    expect_contains(c.group_verdicts[0].verdict.text, "not comparable: y beside x: other test pictures");
}

FV_TEST(experiments_compare__seeds_that_move_nothing_are_no_measure_of_chance) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_outcomes *few = right_of(80, 100, arena), *more = right_of(90, 100, arena);
    fv_run_facts runs[6];
    fv_comparison c;
    three_and_three(runs, 0, (const fv_run_outcomes *[]){ few, few, few, more, more, more }, arena);
    FV_OK(fv_runs_compare(runs, 6, NULL, arena, &c));
    assert_int_equal(c.group_verdicts[0].verdict.kind, FV_VERDICT_UNKNOWN);
    expect_contains(c.group_verdicts[0].verdict.text, "the seeds do not move it at all");
    three_and_three(runs, 0, (const fv_run_outcomes *[]){ few, few, few, few, few, few }, arena);
    FV_OK(fv_runs_compare(runs, 6, NULL, arena, &c));
    assert_int_equal(c.group_verdicts[0].verdict.kind, FV_VERDICT_ALIKE);
    expect_contains(c.group_verdicts[0].verdict.text, "inside seed noise: 0.0 points, p = 1.00");
}

FV_TEST(experiments_compare__what_is_no_comparison_is_refused) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, NULL, arena),
                                  made_up_run("x", "lenet", "0.1", "1", 1, 0.9, NULL, arena) };
    fv_comparison c;
    FV_FAILS(fv_runs_compare(runs, 1, NULL, arena, &c), FV_USAGE, "there is one run");
    FV_FAILS(fv_runs_compare(runs, 2, NULL, arena, &c), FV_USAGE, "the run x is named twice");
}

FV_TEST(experiments_compare__csv_has_a_run_a_row_and_no_formulas) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x, \"1\"", "lenet", "0.1", "1", 1, 0.9, right_of(80, 100, arena), arena),
                                  made_up_run("=cmd()", "lenet", NULL, "1", 0.5, 0.95, right_of(80, 100, arena), arena) };
    fv_comparison c;
    FV_TEXT(csv, 1 << 16);
    FV_OK(fv_runs_compare(runs, 2, NULL, arena, &c));
    fv_comparison_to_csv(&c, &csv);
    expect_contains(csv.at, "run,id,group,learning_rate,top1,low,high,val_loss,val_top1\r\n");
    expect_contains(csv.at, "\"x, \"\"1\"\"\",\"x, \"\"1\"\"\",\"x, \"\"1\"\"\",0.1,0.8,");
    expect_contains(csv.at, "\r\n\"'=cmd()\",\"'=cmd()\",\"'=cmd()\",,0.8,");
}

FV_TEST(experiments_compare__json_holds_all_of_it) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_facts runs[] = { made_up_run("x", "lenet", "0.1", "1", 1, 0.9, right_of(80, 100, arena), arena),
                                  made_up_run("y", "lenet", NULL, "1", 0.5, 0.95, right_of(90, 100, arena), arena) };
    fv_comparison c;
    FV_TEXT(json, 1 << 20);
    FV_OK(fv_runs_compare(runs, 2, NULL, arena, &c));
    fv_comparison_to_json(&c, &json);
    expect_contains(json.at,
                    "{\"metric\":\"top1\",\"of_pictures\":true,\"lower_is_better\":false,\"confidence\":0.95,\"runs\":[{");
    expect_contains(json.at, "\"differences\":[{\"key\":\"learning_rate\",\"values\":{\"x\":\"0.1\",\"y\":null}}]");
    expect_contains(json.at, "\"groups\":[{\"name\":\"x\",\"runs\":[\"x\"],\"n\":1,\"mean\":0.8,\"sd\":null}");
    expect_contains(json.at, "\"verdict\":\"unknown\"");
    expect_contains(json.at, "\"pairs\":[{\"first\":\"x\",\"second\":\"y\",\"verdict\":\"better\",\"metric\":\"top1\"");
    expect_contains(json.at, "\"mcnemar\":{\"only_first\":0,\"only_second\":10,");
}
