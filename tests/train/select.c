/* By what the best epoch is chosen: the recipe's metric, in its direction; kept, shown, and gone on with. */
#include "train/select.h"

#include <math.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "tests/data/pictures.h"
#include "train/results.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

static fv_selection parse(const char *text, fv_outcome_kind kind, int64_t classes) {
    fv_selection selection;
    FV_OK(fv_selection_parse(text, kind, classes, &selection));
    return selection;
}

FV_TEST(train_select__is_the_score_where_the_recipe_says_nothing_or_just_that) {
    assert_true(parse(NULL, FV_ONE_CLASS, 5).is_score);
    assert_true(parse("top1", FV_ONE_CLASS, 5).is_score);
    assert_true(parse(NULL, FV_MULTI_LABEL, 5).is_score);
    assert_true(parse("r2", FV_NUMBERS, 0).is_score);
    assert_string_equal(parse(NULL, FV_NUMBERS, 0).text, "r2");
    assert_false(parse("balanced_accuracy", FV_ONE_CLASS, 5).is_score);
}

FV_TEST(train_select__knows_of_each_metric_which_way_is_better) {
    static const struct {
        const char *text;
        fv_outcome_kind kind;
        bool lower;
    } known[] = { { "top1", FV_ONE_CLASS, false },     { "balanced_accuracy", FV_ONE_CLASS, false },
                  { "macro_f1", FV_ONE_CLASS, false }, { "log_loss", FV_ONE_CLASS, true },
                  { "loss", FV_ONE_CLASS, true },      { "micro_f1", FV_MULTI_LABEL, false },
                  { "loss", FV_MULTI_LABEL, true },    { "hamming_loss", FV_MULTI_LABEL, true },
                  { "mae", FV_NUMBERS, true },         { "rmse", FV_NUMBERS, true },
                  { "r2", FV_NUMBERS, false },         { "loss", FV_NUMBERS, true } };
    for (int i = 0; i < (int)(sizeof known / sizeof *known); i++) {
        fv_selection s = parse(known[i].text, known[i].kind, known[i].kind == FV_NUMBERS ? 0 : 5);
        assert_int_equal(s.lower_is_better, known[i].lower);
        assert_int_equal(fv_selection_prefers(&s, 1, 0, 2, 0), known[i].lower);
        assert_int_equal(fv_selection_prefers(&s, 2, 0, 1, 0), !known[i].lower);
    }
}

FV_TEST(train_select__takes_the_lower_loss_of_equal_figures_and_any_figure_over_none) {
    fv_selection s = parse("balanced_accuracy", FV_ONE_CLASS, 5);
    assert_true(fv_selection_prefers(&s, 0.5, 1, 0.5, 2));
    assert_false(fv_selection_prefers(&s, 0.5, 1, 0.5, 1));
    assert_true(fv_selection_prefers(&s, 0, 9, NAN, 1));
    assert_false(fv_selection_prefers(&s, NAN, 1, 0, 9));
    assert_true(fv_selection_prefers(&s, NAN, 1, NAN, 2));
    assert_false(fv_selection_prefers(&s, NAN, 2, NAN, 1));
}

FV_TEST(train_select__refuses_by_its_key_what_there_is_not_for_such_targets) {
    fv_selection s;
    FV_FAILS(fv_selection_parse("mae", FV_ONE_CLASS, 5, &s), FV_USAGE, "select: \"mae\"");
    FV_FAILS(fv_selection_parse("balanced_accuracy", FV_MULTI_LABEL, 5, &s), FV_USAGE, "select: \"balanced_accuracy\"");
    FV_FAILS(fv_selection_parse("macro_f1", FV_NUMBERS, 0, &s), FV_USAGE, "select: \"macro_f1\"");
    FV_FAILS(fv_selection_parse("accuracy1", FV_ONE_CLASS, 5, &s), FV_USAGE, "select: \"accuracy1\"");
    FV_FAILS(fv_selection_parse("f1 average=samples", FV_ONE_CLASS, 5, &s), FV_USAGE, "select: ");
    FV_FAILS(fv_selection_parse("", FV_ONE_CLASS, 5, &s), FV_USAGE, "select: ");
}

/* ---- in a training ---- */

static const char *below(const char *folder, const char *name) {
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static fv_recipe *recipe_of(const char *select) {
    fv_recipe *recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    const char *const keys[][2] = { { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" }, { "epochs", "6" },
                                    { "batch", "32" },  { "seed", "3" },     { "select", select } };
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    return recipe;
}

static const double *column(const char *out, const char *name, fv_arena *arena, fv_results *results) {
    const double *numbers;
    FV_OK(fv_results_read(below(out, "results.csv"), arena, results));
    FV_OK(fv_results_column(results, name, arena, &numbers));
    return numbers;
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_select__the_best_epoch_has_the_figure_and_it_is_in_the_table) {
    FV_OWNED(fv_recipe) recipe = recipe_of("log_loss");
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("a table", 1 << 20, &arena));
    const char *out = below(fv_test_folder(), "run");
    fv_train_result result;
    fv_results results;
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = out }, &result));
    const double *figures = column(out, "select_log_loss", arena, &results);
    assert_non_null(figures);
    assert_int_equal(results.rows, 6);
    int64_t best = 0;
    for (int64_t i = 1; i < results.rows; i++) best = figures[i] < figures[best] ? i : best;
    assert_int_equal(result.best.epoch, best + 1);
    assert_string_equal(result.best.select, "log_loss");
    assert_float_equal(result.best.val_select, figures[best], 1e-8);
    assert_float_equal(result.best.val_select, result.best.val_loss, 1e-8);
    assert_null(column(out, "select_top1", arena, &results));
}

static void stop_in_epoch_3(void *context, const fv_progress *progress) {
    if (progress->epoch == 3) __atomic_store_n((int *)context, 1, __ATOMIC_RELAXED);
}

static void assert_same_file(const char *a, const char *b, const char *name) {
    uint8_t *bytes[2];
    int64_t lengths[2];
    FV_OK(fv_file_read(below(a, name), 1 << 28, &bytes[0], &lengths[0]));
    FV_OK(fv_file_read(below(b, name), 1 << 28, &bytes[1], &lengths[1]));
    assert_int_equal(lengths[0], lengths[1]);
    assert_memory_equal(bytes[0], bytes[1], (size_t)lengths[0]);
    fv_memory_free(bytes[0]);
    fv_memory_free(bytes[1]);
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_select__goes_on_with_the_figures_that_there_were) {
    FV_OWNED(fv_recipe) recipe = recipe_of("balanced_accuracy");
    const char *folder = fv_test_folder();
    char whole[512], broken[512];
    snprintf(whole, sizeof whole, "%s/whole", folder);
    snprintf(broken, sizeof broken, "%s/broken", folder);
    int cancel = 0;
    FV_OK(fv_recipe_set(recipe, "patience", "3"));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = whole }, NULL));
    fv_train_options options = { .out = broken, .context = &cancel, .progress = stop_in_epoch_3, .cancel = &cancel };
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CANCELLED, "stopped in epoch 3");
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = broken, .resume = true }, NULL));
    assert_same_file(whole, broken, "last.fovea");
    assert_same_file(whole, broken, "best.fovea");
}

FV_TEST(train_select__is_refused_before_there_is_a_folder) {
    FV_OWNED(fv_recipe) recipe = recipe_of("rmse");
    const char *out = below(fv_test_folder(), "run");
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = out }, NULL), FV_USAGE, "select: \"rmse\"");
    assert_int_equal(fv_file_kind_of(out), FV_FILE_NONE);
}
