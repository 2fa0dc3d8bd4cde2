/* The facts of a run's folder. */
#include <stdio.h>

#include "core/base/file.h"
#include "experiments/run_facts.h"
#include "tests/test.h"

static void write_file(const char *folder, const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
}

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a test", 1 << 26, &arena));
    return arena;
}

static const char results[] = "epoch,learning_rate,train_loss,val_loss,val_top1,val_mae,seconds\n"
                              "1,0.1,2,1.5,0.5,,3\n2,0.2,1,1,0.75,4,2\n3,0.1,0.5,1.25,nan,5,4\n";

FV_TEST(experiments_facts_folder__has_settings_curves_and_where_they_stood) {
    FV_OWNED(fv_arena) arena = arena_new();
    const char *folder = fv_test_folder();
    fv_run_facts run;
    write_file(folder, "recipe.yaml", "data: pictures\narch: \"lenet\"\nseed: 7\n");
    write_file(folder, "results.csv", results);
    FV_OK(fv_run_facts_from_folder(folder, arena, &run));
    assert_string_equal(run.name, strrchr(folder, '/') + 1);
    assert_string_equal(fv_run_param_get(&run, "arch"), "lenet");
    assert_string_equal(fv_run_param_get(&run, "seed"), "7");
    assert_string_equal(fv_run_param_get(&run, "size"), "0,0");
    assert_null(fv_run_param_get(&run, "val"));
    assert_null(run.outcomes);
    const fv_run_metric *loss = fv_run_metric_get(&run, "val_loss"), *top1 = fv_run_metric_get(&run, "val_top1");
    assert_true(loss->lower_is_better && loss->best == 1 && loss->best_step == 2 && loss->last == 1.25 && loss->last_step == 3);
    assert_true(!top1->lower_is_better && top1->best == 0.75 && top1->last == 0.75 && top1->last_step == 2 && top1->min == 0.5);
    assert_true(fv_run_metric_get(&run, "val_mae")->lower_is_better && fv_run_metric_get(&run, "seconds")->lower_is_better);
    assert_null(fv_run_metric_get(&run, "learning_rate"));
    assert_int_equal(fv_run_curve_get(&run, "learning_rate")->count, 3);
}

FV_TEST(experiments_facts_folder__has_what_the_model_said) {
    FV_OWNED(fv_arena) arena = arena_new();
    const char *folder = fv_test_folder();
    fv_run_facts run;
    write_file(folder, "recipe.yaml", "data: pictures\narch: lenet\n");
    write_file(folder, "predictions.jsonl", "{\"path\":\"1\",\"number\":1,\"predicted\":2}\n");
    FV_OK(fv_run_facts_from_folder(folder, arena, &run));
    assert_true(run.outcomes && run.outcomes->count == 1 && !run.curve_count);
    assert_null(run.outcomes->on);
    write_file(folder, "predictions.jsonl", "");
    FV_OK(fv_run_facts_from_folder(folder, arena, &run));
    assert_null(run.outcomes);
}

FV_TEST(experiments_facts_folder__what_is_no_run_is_said) {
    FV_OWNED(fv_arena) arena = arena_new();
    const char *folder = fv_test_folder();
    fv_run_facts run;
    FV_FAILS(fv_run_facts_from_folder(folder, arena, &run), FV_NOT_FOUND, "is no run's folder");
    write_file(folder, "recipe.yaml", "data: pictures\nnonsense: 1\n");
    FV_FAILS(fv_run_facts_from_folder(folder, arena, &run), FV_USAGE, "nonsense");
    write_file(folder, "recipe.yaml", "data: pictures\narch: lenet\n");
    write_file(folder, "results.csv", "loss\n1\n");
    FV_FAILS(fv_run_facts_from_folder(folder, arena, &run), FV_FORMAT, "no column epoch");
    write_file(folder, "results.csv", results);
    write_file(folder, "predictions.jsonl", "{}\n");
    FV_FAILS(fv_run_facts_from_folder(folder, arena, &run), FV_FORMAT, "line 1");
}
