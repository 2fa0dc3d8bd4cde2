/* A training through the library: what is said, in which order; being stopped before it begins; that figures are the same
 * wherever they are measured. */
#include <stdio.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/text.h"
#include "core/plan/kernel.h"
#include "fovea/train.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

/* What was said, a line each, and whether training had begun by then. */
typedef struct ear {
    fv_text lines;
    fv_epoch last;
    int epochs;
} ear;

static void hear(void *context, const char *line) { fv_text_addf(&((ear *)context)->lines, "%s\n", line); }
static void hear_log(void *context, fv_level level, const char *message) {
    (void)level;
    hear(context, message);
}
static void hear_progress(void *context, const fv_progress *progress) {
    ear *e = context;
    if (!strcmp(progress->what, "train") && progress->done == 1 && progress->epoch == 1) hear(e, "first step");
}
static void hear_epoch(void *context, const fv_epoch *epoch) {
    ear *e = context;
    e->last = *epoch;
    e->epochs++;
}

static fv_recipe *recipe_of(const char *data) {
    fv_recipe *recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    const char *const keys[][2] = { { "data", data },  { "arch", "lenet" }, { "channels", "1" },   { "epochs", "2" },
                                    { "batch", "32" }, { "seed", "3" },     { "ema_decay", "0.9" } };
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    return recipe;
}

/* In the test's folder; valid until the fourth call after. */
static const char *below(const char *name) {
    static const char *folder;
    static char paths[4][512];
    static int next;
    if (!folder) folder = fv_test_folder();
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

FV_TEST(train_loop__says_data_memory_and_time_before_the_first_step) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    ear e = { .epochs = 0 };
    fv_text_init(&e.lines, 1 << 16);
    fv_train_options options = {
        .out = below("run"), .context = &e, .message = hear, .progress = hear_progress, .epoch = hear_epoch
    };
    FV_OK(fv_train(recipe, &options, NULL));
    const char *const order[] = { "data: ", "150 found, 150 usable, 0 rejected", "memory: at most", "time: about",
                                  "first step" };
    const char *at = e.lines.at;
    for (int i = 0; i < 5; i++) {
        at = strstr(at, order[i]);
        if (!at) fail_msg("not said, or too late: %s\n%s", order[i], e.lines.at);
    }
    assert_int_equal(e.epochs, 2);
    fv_text_release(&e.lines);
}

FV_TEST(train_loop__stopped_before_its_first_step_it_goes_on_to_the_same_bits) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    int cancel = 1;
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("whole") }, NULL));
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = below("stopped"), .cancel = &cancel }, NULL), FV_CANCELLED,
             "after 0 of its");
    cancel = 0;
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("stopped"), .resume = true, .cancel = &cancel }, NULL));
    fv_test_same_file(below("whole/last.fovea"), below("stopped/last.fovea"));
    fv_test_same_file(below("whole/best.fovea"), below("stopped/best.fovea"));
}

static fv_evaluation evaluate(const char *model, int64_t batch, int64_t workers) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    fv_evaluation evaluation;
    FV_OK(fv_predictor_open(model, NULL, &predictor));
    FV_OK(fv_dataset_open(SHAPES, &(fv_dataset_options){ .channels = 1 }, &set));
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_evaluate(predictor, all, &(fv_evaluate_options){ .batch = batch, .workers = workers }, &evaluation));
    return evaluation;
}

FV_TEST(train_loop__validates_on_a_fold_and_keeps_groups_together) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES); /* 30 of each class, called 000 to 029 */
    const char *const keys[][2] = {
        { "epochs", "1" }, { "folds", "3" }, { "fold", "2" }, { "group_by", "([0-9])[.]png$" }, { "sampling", "balanced" }
    };
    for (int i = 0; i < 5; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    ear e = { .epochs = 0 };
    fv_text_init(&e.lines, 1 << 16);
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run"), .context = &e, .message = hear }, NULL));
    bool said = strstr(e.lines.at, "train on 105, validate on 45 (fold 2 of 3)") || /* ten groups of 15: 3, 3 and 4 */
                strstr(e.lines.at, "train on 90, validate on 60 (fold 2 of 3)");
    if (!said) fail_msg("%s", e.lines.at);
    fv_text_release(&e.lines);
    FV_OK(fv_recipe_set(recipe, "fold", "4"));
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = below("other") }, NULL), FV_USAGE, "there is no fold 4");
    FV_OK(fv_recipe_set(recipe, "val", SHAPES));
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = below("other") }, NULL), FV_USAGE, "and folds");
}

FV_TEST(train_loop__says_when_pictures_have_nothing_to_learn) {
    const char *folder = below("list");
    fv_test_copy("rgb.png", folder, "a.png");
    fv_test_text("path\na.png\n", folder, "l.csv");
    FV_OWNED(fv_recipe) recipe = recipe_of(below("list/l.csv"));
    FV_OK(fv_recipe_set(recipe, "source_options", "target=none"));
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = below("run") }, NULL), FV_UNSUPPORTED, "a.png has no class");
}

FV_TEST(train_loop__an_evaluation_is_the_trainings_own_in_any_batch) {
    FV_OWNED(fv_recipe) recipe = recipe_of(FOVEA_SOURCE "/examples/shapes/train");
    fv_train_result result;
    FV_OK(fv_recipe_set(recipe, "val", SHAPES));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run") }, &result));
    const int64_t batches[] = { 1, 7, 32, 200 };
    for (int i = 0; i < 4; i++) {
        fv_evaluation evaluation = evaluate(below("run/best.fovea"), batches[i], i % 3);
        assert_int_equal(evaluation.outcomes.count, 150);
        assert_true(evaluation.score == result.best.val_score);
        assert_true(evaluation.loss == result.best.val_loss);
        fv_evaluation_release(&evaluation);
    }
}

FV_TEST(train_loop__figures_are_in_the_best_model_and_in_no_checkpoint) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    FV_OWNED(fv_model) best = NULL;
    FV_OWNED(fv_model) last = NULL;
    FV_OK(fv_recipe_set(recipe, "ema_decay", "0"));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run") }, NULL));
    FV_OK(fv_model_load(below("run/best.fovea"), &best));
    FV_OK(fv_model_load(below("run/last.fovea"), &last));
    assert_non_null(strstr(fv_model_section(best, "metrics", NULL), "\"n\": 30"));
    assert_null(fv_model_section(last, "metrics", NULL)); /* a resumed training would not have it: other bits */
}

/* A few of the shapes in two classes, and a text that is no picture. */
static const char *few_shapes(void) {
    const char *folder = below("few");
    for (int i = 0; i < 16; i++) {
        char name[64], from[512];
        uint8_t *bytes;
        int64_t length;
        snprintf(name, sizeof name, "%s/%03d.png", i % 2 ? "circle" : "ring", i / 2);
        snprintf(from, sizeof from, "%s/%s", SHAPES, name);
        FV_OK(fv_file_read(from, 1 << 20, &bytes, &length));
        fv_test_text("", folder, name);
        FV_OK(fv_file_write(fv_test_path(folder, name), bytes, length, NULL));
        fv_memory_free(bytes);
    }
    fv_test_text("a text", folder, "ring/none.png");
    return folder;
}

FV_TEST(train_loop__what_is_resumed_must_have_its_pictures) {
    const char *folder = few_shapes();
    FV_OWNED(fv_recipe) recipe = recipe_of(folder);
    int cancel = 1;
    FV_OK(fv_recipe_set(recipe, "allow_dropped", "true"));
    fv_train_options options = { .out = below("run"), .cancel = &cancel };
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CANCELLED, NULL);
    cancel = 0;
    options.resume = true;
    assert_int_equal(rename(fv_test_path(folder, "ring/000.png"), fv_test_path(folder, "ring/new.png")), 0);
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CONFLICT, "added, removed or renamed");
    assert_int_equal(rename(fv_test_path(folder, "ring/new.png"), fv_test_path(folder, "circle/new.png")), 0);
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CONFLICT, "added, removed or renamed");
    assert_int_equal(rename(fv_test_path(folder, "circle/new.png"), fv_test_path(folder, "ring/000.png")), 0);
    FV_OK(fv_train(recipe, &options, NULL));
}

static void stop_in_epoch_2(void *context, const fv_progress *progress) {
    if (!strcmp(progress->what, "train") && progress->epoch == 2) *(int *)context = 1;
}

/* Whole by all threads; stopped within its second epoch by one thread, and gone on with by two. */
FV_TEST(train_loop__by_products_in_bf16_it_goes_on_to_the_same_bits_on_other_threads) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* such products are refused */
    FV_OWNED(fv_recipe) recipe = recipe_of(few_shapes());
    const char *const keys[][2] = { { "allow_dropped", "true" }, { "batch", "5" }, { "precision", "bf16_forced" } };
    for (int i = 0; i < 3; i++) FV_OK(fv_recipe_set(recipe, keys[i][0], keys[i][1]));
    int cancel = 0, threads = fv_parallel_threads();
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("whole") }, NULL));
    fv_train_options options = { .out = below("stopped"), .context = &cancel, .progress = stop_in_epoch_2, .cancel = &cancel };
    FV_OK(fv_parallel_set_threads(1));
    FV_FAILS(fv_train(recipe, &options, NULL), FV_CANCELLED, NULL);
    FV_OK(fv_parallel_set_threads(2));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("stopped"), .resume = true }, NULL));
    FV_OK(fv_parallel_set_threads(threads));
    fv_test_same_file(below("whole/last.fovea"), below("stopped/last.fovea"));
    fv_test_same_file(below("whole/best.fovea"), below("stopped/best.fovea"));
}

FV_TEST(train_loop__a_picture_that_cannot_be_used_is_said_once) {
    FV_OWNED(fv_recipe) recipe = recipe_of(few_shapes());
    ear e = { .epochs = 0 };
    fv_text_init(&e.lines, 1 << 16);
    fv_log_set_sink(hear_log, &e);
    FV_OK(fv_recipe_set(recipe, "allow_dropped", "true"));
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run"), .context = &e, .message = hear }, NULL));
    fv_log_set_sink(NULL, NULL);
    assert_non_null(strstr(e.lines.at, "17 found, 16 usable, 1 rejected"));
    const char *first = strstr(e.lines.at, "none.png");
    assert_non_null(first);
    assert_null(strstr(first + 1, "none.png"));
    fv_text_release(&e.lines);
}

FV_TEST(train_loop__a_row_that_results_csv_lacks_is_made_up_for) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run") }, NULL));
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(below("run/results.csv"), 1 << 20, &bytes, &length));
    char *last = memrchr(bytes, '\n', (size_t)length - 1);
    FV_OK(fv_file_write(below("run/results.csv"), bytes, last + 1 - (char *)bytes, NULL));
    last[1 + strcspn(last + 1, "\n")] = 0;
    *strrchr(last, ',') = 0; /* the seconds, which no checkpoint has */
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("run"), .resume = true }, NULL));
    uint8_t *mended;
    FV_OK(fv_file_read(below("run/results.csv"), 1 << 20, &mended, &length));
    assert_non_null(strstr((char *)mended, last));
    fv_memory_free(bytes);
    fv_memory_free(mended);
}

/* A training that is stopped before its first step, so that it has a last.fovea. */
static void begin(const char *out) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    int cancel = 1;
    FV_FAILS(fv_train(recipe, &(fv_train_options){ .out = out, .cancel = &cancel }, NULL), FV_CANCELLED, NULL);
}

static fv_error *resume(const char *out, int cancel) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    return fv_train(recipe, &(fv_train_options){ .out = out, .resume = true, .cancel = &cancel }, NULL);
}

static void copy_file(const char *from, const char *to) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(from, 1 << 28, &bytes, &length));
    FV_OK(fv_file_write(to, bytes, length, NULL));
    fv_memory_free(bytes);
}

static void damage(const char *path) { FV_OK(fv_file_write(path, "no model", 8, NULL)); }

FV_TEST(train_loop__what_was_gone_back_to_is_kept_until_there_is_another) {
    const char *out = below("run");
    begin(out);
    FV_FAILS(resume(out, 1), FV_CANCELLED, NULL); /* saves: there is a previous.fovea */
    damage(below("run/last.fovea"));
    FV_FAILS(resume(out, 1), FV_CANCELLED, NULL);
    FV_OWNED(fv_model) previous = NULL;
    FV_OK(fv_model_load(below("run/previous.fovea"), &previous)); /* not the damaged one */
    FV_OK(resume(out, 0));
}

FV_TEST(train_loop__without_a_checkpoint_that_is_whole_there_is_nothing_to_resume) {
    const char *out = below("run");
    begin(out);
    FV_FAILS(resume(out, 1), FV_CANCELLED, NULL);
    damage(below("run/last.fovea"));
    damage(below("run/previous.fovea"));
    FV_FAILS(resume(out, 0), FV_FORMAT, "neither last.fovea nor previous.fovea can be read");
}

FV_TEST(train_loop__of_a_finished_training_a_damaged_checkpoint_is_made_whole) {
    const char *out = below("run");
    begin(out);
    FV_OK(resume(out, 0));
    FV_OWNED(fv_model) last = NULL;
    copy_file(below("run/last.fovea"), below("run/previous.fovea"));
    damage(below("run/last.fovea"));
    FV_OK(resume(out, 0));
    FV_OK(fv_model_load(below("run/last.fovea"), &last));
    fv_test_same_file(below("run/last.fovea"), below("run/previous.fovea"));
}

FV_TEST(train_loop__a_folder_at_which_another_works_is_busy) {
    const char *out = below("run");
    int lock;
    begin(out);
    FV_OK(fv_file_lock(below("run/lock"), &lock));
    FV_FAILS(resume(out, 0), FV_BUSY, "another command is at work in");
    fv_file_unlock(lock);
    FV_OK(resume(out, 0));
    FV_OK(fv_file_lock(below("run/lock"), &lock));
    FV_FAILS(fv_report_write(out, NULL), FV_BUSY, "another command is at work in");
    fv_file_unlock(lock);
}

/* What is on disk in the midst of the second epoch, as if the process had been killed there. */
static void copy_within_an_epoch(void *context, const fv_progress *progress) {
    if (strcmp(progress->what, "train") != 0 || progress->epoch != 2 || progress->done != 3) return;
    copy_file(below("whole/last.fovea"), below("killed/last.fovea"));
    copy_file(below("whole/best.fovea"), below("killed/best.fovea"));
    ++*(int *)context;
}

FV_TEST(train_loop__from_a_checkpoint_within_an_epoch_it_goes_on_to_the_same_bits) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    FV_OK(fv_recipe_set(recipe, "accumulate", "2")); /* after three batches there are gradients that wait for the fourth */
    FV_OK(fv_file_make_folder(below("killed")));
    int copies = 0;
    char out[512];
    snprintf(out, sizeof out, "%s", below("whole")); /* the copies ask for more than three others */
    fv_train_options options = { .out = out, .checkpoint_every = 1e-9, .context = &copies, .progress = copy_within_an_epoch };
    FV_OK(fv_train(recipe, &options, NULL));
    assert_int_equal(copies, 1);
    FV_OK(fv_train(recipe, &(fv_train_options){ .out = below("seldom") }, NULL));
    ear e = { .epochs = 0 };
    fv_text_init(&e.lines, 1 << 16);
    options = (fv_train_options){ .out = below("killed"), .resume = true, .context = &e, .message = hear };
    FV_OK(fv_train(recipe, &options, NULL));
    assert_non_null(strstr(e.lines.at, "resumed after 1 of 2 epochs, 7 steps"));
    fv_text_release(&e.lines);
    const char *const others[] = { "killed", "seldom" };
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/last.fovea", others[i]);
        fv_test_same_file(below("whole/last.fovea"), below(name));
    }
    fv_test_same_file(below("whole/best.fovea"), below("killed/best.fovea"));
}

FV_TEST(train_loop__warns_when_stopping_may_take_longer_than_the_grace) {
    FV_OWNED(fv_recipe) recipe = recipe_of(SHAPES);
    ear e = { .epochs = 0 };
    fv_text_init(&e.lines, 1 << 16);
    fv_train_options options = {
        .out = below("short"), .grace = 1e-9, .context = &e, .message = hear, .progress = hear_progress
    };
    FV_OK(fv_train(recipe, &options, NULL));
    const char *warning = strstr(e.lines.at, "longer than the 1e-09 s of grace"), *step = strstr(e.lines.at, "first step");
    assert_non_null(warning);
    assert_true(step && warning < step);
    assert_null(strstr(warning + 1, "longer than the 1e-09")); /* once */
    fv_text_clear(&e.lines);
    options.out = below("long");
    options.grace = 1e6;
    FV_OK(fv_train(recipe, &options, NULL));
    assert_null(strstr(e.lines.at, "s of grace"));
    fv_text_release(&e.lines);
}
