/* What is done in place of a training leaves nothing; what is chosen before one is kept; what went wrong is found. */
#include <stdio.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "fovea/train.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

typedef struct stage {
    fv_recipe *recipe;
    fv_text said;
    fv_train_options options;
} stage;

static void hear(void *context, const char *line) { fv_text_addf(&((stage *)context)->said, "%s\n", line); }

/* LeNet on 150 pictures; `keys` are further ones, NULL at the end. */
static void set_up(stage *s, const char *const *keys) {
    static const char *const base[] = { "data", SHAPES, "arch", "lenet", "channels", "1", "epochs", "1", "batch", "32", NULL };
    *s = (stage){ 0 };
    fv_text_init(&s->said, 1 << 20);
    FV_OK(fv_recipe_new(&s->recipe));
    for (const char *const *k = base; *k; k += 2) FV_OK(fv_recipe_set(s->recipe, k[0], k[1]));
    for (const char *const *k = keys; k && *k; k += 2) FV_OK(fv_recipe_set(s->recipe, k[0], k[1]));
    s->options = (fv_train_options){ .context = s, .message = hear };
}

static void tear_down(stage *s) {
    fv_recipe_free(s->recipe);
    fv_text_release(&s->said);
}

#define STAGE(keys)                                                                                                            \
    __attribute__((cleanup(tear_down))) stage s;                                                                               \
    set_up(&s, keys)

static void expect_said(const stage *s, const char *part) {
    if (!strstr(s->said.at, part)) fail_msg("not said: %s\n%s", part, s->said.at);
}

FV_TEST(train_tasks__a_dry_run_says_all_and_writes_nothing) {
    STAGE(NULL);
    const char *out = fv_test_path(fv_test_folder(), "run");
    s.options.task = FV_TRY_ALL;
    s.options.out = out;
    FV_OK(fv_train(s.recipe, &s.options, NULL));
    expect_said(&s, "memory: at most");
    expect_said(&s, "time: about");
    expect_said(&s, "fewer than the 500 to 1,000 pictures");
    assert_int_equal(fv_file_kind_of(out), FV_FILE_NONE);
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_tasks__one_batch_is_learned_by_heart_or_that_is_an_error) {
    static const char *const slow[] = { "learning_rate", "1e-9", "optimizer", "sgd", "batch", "8", NULL };
    {
        static const char *const plain[] = { "learning_rate", "0.02", "arch", "lenet dropout=0", "batch", "8", NULL };
        STAGE(plain);
        s.options.task = FV_OVERFIT_BATCH;
        FV_OK(fv_train(s.recipe, &s.options, NULL));
        expect_said(&s, "learned one batch of 8 by heart");
    }
    STAGE(slow);
    s.options.task = FV_OVERFIT_BATCH;
    FV_FAILS(fv_train(s.recipe, &s.options, NULL), FV_FORMAT, "was not learned in 200 steps");
}

/* Not under ThreadSanitizer: trains as train_loop does. */
FV_TEST(train_tasks__a_rate_is_found_and_drawn) {
    static const char *const keys[] = { "arch", "lenet dropout=0", "optimizer", "sgd", "batch", "8", NULL };
    STAGE(keys);
    const char *out = fv_test_folder();
    s.options.task = FV_FIND_RATE;
    s.options.out = out;
    FV_OK(fv_train(s.recipe, &s.options, NULL));
    expect_said(&s, "suggestion: learning_rate: ");
    double rate = 0;
    sscanf(strstr(s.said.at, "suggestion: learning_rate: "), "suggestion: learning_rate: %lf", &rate);
    assert_true(rate > 1e-5 && rate < 3);
    assert_int_equal(fv_file_kind_of(fv_test_path(out, "rates.csv")), FV_FILE_PLAIN);
    assert_int_equal(fv_file_kind_of(fv_test_path(out, "rates.svg")), FV_FILE_PLAIN);
    assert_int_equal(fv_file_kind_of(fv_test_path(out, "last.fovea")), FV_FILE_NONE);
}

/* The text of the kept recipe; free it with fv_memory_free. */
static char *kept_recipe(const char *out) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(out, "recipe.yaml"), 1 << 20, &bytes, &length));
    return (char *)bytes;
}

FV_TEST(train_tasks__batch_and_epochs_that_are_chosen_are_in_the_kept_recipe) {
    static const char *const keys[] = { "batch", "0", "epochs", "1000", NULL };
    STAGE(keys);
    const char *out = fv_test_folder();
    fv_train_result result;
    s.options.out = out;
    s.options.seconds = 1e-3;
    FV_OK(fv_train(s.recipe, &s.options, &result));
    assert_int_equal(result.epochs, 1); /* one at least */
    char *text = kept_recipe(out);
    assert_non_null(strstr(text, "\nepochs: 1 "));
    assert_non_null(strstr(text, "\nbatch: 8 ")); /* 120 pictures to train on, 8 batches at least */
    fv_memory_free(text);
    s.options.resume = true;
    s.options.seconds = 0;
    FV_OK(fv_recipe_read(s.recipe, fv_test_path(out, "recipe.yaml")));
    FV_OK(fv_train(s.recipe, &s.options, &result));
    expect_said(&s, "is finished");
}

/* Decay by a thousand times each weight: it grows a thousandfold a step, whatever the gradients do. */
FV_TEST(train_tasks__a_loss_that_is_no_number_names_node_step_and_samples) {
    static const char *const keys[] = { "learning_rate", "1000", "optimizer", "sgd weight_decay=1", "epochs", "20",
                                        "warmup_epochs", "0",    NULL };
    STAGE(keys);
    s.options.out = fv_test_folder();
    fv_error *error = fv_train(s.recipe, &s.options, NULL);
    assert_non_null(error);
    assert_int_equal(fv_error_code(error), FV_FORMAT);
    char text[2048];
    fv_error_format(error, text, sizeof text);
    assert_non_null(strstr(text, "first in step "));
    assert_non_null(strstr(text, "is not finite though its inputs are"));
    assert_non_null(strstr(text, ".png"));
    fv_error_free(error);
}

FV_TEST(train_tasks__patience_ends_a_training_and_resuming_it_does_nothing) {
    static const char *const keys[] = { "epochs", "40", "patience", "2", "learning_rate", "1e-9", "optimizer", "sgd", NULL };
    STAGE(keys);
    fv_train_result result;
    s.options.out = fv_test_folder();
    FV_OK(fv_train(s.recipe, &s.options, &result));
    assert_true(result.epochs < 40);
    assert_int_equal(result.epochs, result.best.epoch + 2);
    expect_said(&s, "validation has not become better for 2 epochs");
    s.options.resume = true;
    FV_OK(fv_train(s.recipe, &s.options, NULL));
    expect_said(&s, "is finished");
}

FV_TEST(train_tasks__transforms_must_suit_evaluation_too) {
    static const char *const keys[] = { "transforms", "letterbox size=64; random_crop size=28", NULL };
    STAGE(keys);
    s.options.task = FV_TRY_ALL;
    FV_FAILS(fv_train(s.recipe, &s.options, NULL), FV_SHAPE, "in evaluation pictures come as 64×64");
}

/* Weights of the loss: n / (K · count), and none without end. */
FV_TEST(train_tasks__balanced_weights_are_said) {
    static const char *const keys[] = { "class_weights", "balanced", NULL };
    STAGE(keys);
    s.options.task = FV_TRY_ALL;
    FV_OK(fv_train(s.recipe, &s.options, NULL));
    expect_said(&s, "class_weights=1,1,1,1,1");
}
