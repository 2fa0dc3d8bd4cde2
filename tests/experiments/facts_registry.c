/* The facts of a run in the registry. */
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "experiments/run_facts.h"
#include "fovea/objects.h"
#include "tests/test.h"

static const char predictions[] = "{\"path\":\"b/1.png\",\"label\":\"b\",\"predicted\":\"a\",\"score\":0.75,"
                                  "\"top\":[{\"label\":\"a\",\"score\":0.75},{\"label\":\"b\",\"score\":0.25}]}\n"
                                  "{\"path\":\"a/1.png\",\"label\":\"a\",\"predicted\":\"a\",\"score\":0.5,"
                                  "\"top\":[{\"label\":\"a\",\"score\":0.5},{\"label\":\"b\",\"score\":0.5}]}\n";

typedef struct stage {
    fv_registry *registry;
    fv_run run;
    fv_arena *arena;
} stage;

static void set_up(stage *s) {
    char path[600];
    FV_OK(fv_arena_new("a test", 1 << 26, &s->arena));
    FV_OK(fv_registry_open(fv_test_folder(), NULL, &s->registry));
    FV_OK(fv_run_start(s->registry, &(fv_run_options){ .name = "one" }, &s->run));
    fv_metric_point points[] = { { "val_loss", 2, 1, 0, -1 },
                                 { "val_loss", 1, 2, 1000, -1 },
                                 { "val_loss", 1.5, 2, 2000, -1 }, /* step 2 again, later */
                                 { "val_top1", 0.5, 1, 0, 1 } };
    fv_key_value params[] = { { "arch", "lenet" }, { "seed", "7" } };
    fv_run_batch batch = { .metrics = points, .metric_count = 4, .params = params, .param_count = 2 };
    FV_OK(fv_run_log(s->registry, &s->run, &batch, NULL));
    snprintf(path, sizeof path, "%s/predictions.jsonl", fv_registry_folder(s->registry));
    FV_OK(fv_file_write(path, predictions, sizeof predictions - 1, NULL));
    FV_OK(fv_run_keep_file(s->registry, &s->run, "predictions.jsonl", path, "application/jsonl"));
}

static void tear_down(stage *s) {
    fv_registry_free(s->registry);
    fv_arena_free(s->arena);
}

FV_TEST(experiments_facts_registry__has_parameters_figures_curves_and_outcomes) {
    stage s;
    fv_run_facts run;
    set_up(&s);
    FV_OK(fv_run_facts_from_registry(s.registry, "one", s.arena, &run));
    assert_string_equal(run.id, s.run.id);
    assert_string_equal(run.name, "one");
    assert_string_equal(fv_run_param_get(&run, "seed"), "7");
    const fv_run_metric *loss = fv_run_metric_get(&run, "val_loss");
    assert_true(loss->lower_is_better && loss->best == 1 && loss->best_step == 2 && loss->last == 1.5 && loss->max == 2);
    const fv_run_curve *curve = fv_run_curve_get(&run, "val_loss");
    assert_int_equal(curve->count, 2); /* of a step that was written twice the later value */
    assert_true(curve->steps[0] == 1 && curve->values[0] == 2 && curve->steps[1] == 2 && curve->values[1] == 1.5);
    assert_int_equal(run.outcomes->count, 2);
    assert_string_equal(run.outcomes->ids[0], "a/1.png");
    tear_down(&s);
}

FV_TEST(experiments_facts_registry__of_a_file_with_a_flipped_bit_are_refused) {
    stage s;
    fv_run_files files;
    fv_run_facts run;
    char *path;
    set_up(&s);
    FV_OK(fv_run_list_files(s.registry, s.run.id, &files));
    FV_OK(fv_object_path(s.registry, files.at[0].digest, &path));
    fv_run_files_release(&files);
    assert_int_equal(chmod(path, 0644), 0);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fputc('}', file), '}');
    fclose(file);
    fv_string_free(path);
    FV_FAILS(fv_run_facts_from_registry(s.registry, s.run.id, s.arena, &run), FV_FORMAT, NULL);
    tear_down(&s);
}

FV_TEST(experiments_facts_registry__of_no_run_are_not_found) {
    stage s;
    fv_run_facts run;
    set_up(&s);
    FV_FAILS(fv_run_facts_from_registry(s.registry, "two", s.arena, &run), FV_NOT_FOUND, "two");
    tear_down(&s);
}
