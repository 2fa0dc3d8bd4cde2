/* Keys given anew to a training that is gone on with: it ends as if it had been begun with them, or is refused. */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "fovea/train.h"
#include "tests/core/comm/ranks.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

/* A recipe, and what was said by the last training. */
typedef struct stage {
    fv_recipe *recipe;
    fv_text said;
    int cancel;
    int64_t stop_epoch; /* told to stop once it trains this one; 0: never */
    const char *folder;
    char run[512]; /* in it, for ranks */
} stage;

static void hear(void *context, const char *line) { fv_text_addf(&((stage *)context)->said, "%s\n", line); }

static void watch(void *context, const fv_progress *progress) {
    stage *s = context;
    if (s->stop_epoch && progress->epoch == s->stop_epoch && progress->done == 2)
        __atomic_store_n(&s->cancel, 1, __ATOMIC_RELAXED);
}

/* LeNet on 150 pictures by a rate that stays; keys as "name=value", the last NULL. */
static void set_keys(stage *s, const char *const *keys) {
    for (const char *const *k = keys; k && *k; k++) {
        char name[64];
        const char *value = strchr(*k, '=') + 1;
        snprintf(name, sizeof name, "%.*s", (int)(value - *k) - 1, *k);
        FV_OK(fv_recipe_set(s->recipe, name, value));
    }
}

static void set_up(stage *s, const char *const *keys) {
    static const char *const base[] = { "data=" SHAPES, "arch=lenet", "channels=1",        "epochs=3", "batch=32",
                                        "seed=3",       "ema=0.9",    "schedule=constant", NULL };
    *s = (stage){ .folder = fv_test_folder() };
    snprintf(s->run, sizeof s->run, "%s/run", s->folder);
    fv_text_init(&s->said, 1 << 20);
    FV_OK(fv_recipe_new(&s->recipe));
    set_keys(s, base);
    set_keys(s, keys);
}

static void tear_down(stage *s) {
    fv_recipe_free(s->recipe);
    fv_text_release(&s->said);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define STAGE(...)                                                                                                             \
    __attribute__((cleanup(tear_down))) stage s;                                                                               \
    set_up(&s, KEYS(__VA_ARGS__))

static fv_error *train_in(stage *s, const char *name, bool resume) {
    fv_train_options options = { .out = fv_test_path(s->folder, name),
                                 .resume = resume,
                                 .context = s,
                                 .message = hear,
                                 .progress = watch,
                                 .cancel = &s->cancel };
    fv_text_clear(&s->said);
    s->cancel = 0;
    return fv_train(s->recipe, &options, NULL);
}

/* Begun, and stopped in the midst of an epoch. */
static void begin(stage *s, int64_t stop_epoch) {
    s->stop_epoch = stop_epoch;
    FV_FAILS(train_in(s, "run", false), FV_CANCELLED, NULL);
    s->stop_epoch = 0;
}

static char *text_of(const stage *s, const char *name) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(s->folder, name), 1 << 28, &bytes, &length));
    return (char *)bytes;
}

static void expect(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("not there: %s\n%s", part, text);
}

static void expect_said(const stage *s, const char *part) { expect(s->said.at, part); }

static void expect_in_file(const stage *s, const char *name, const char *part) {
    char *text = text_of(s, name);
    expect(text, part);
    fv_memory_free(text);
}

static void expect_same_files(const stage *s, const char *a, const char *b) {
    static const char *const names[] = { "last.fovea", "best.fovea" };
    for (int i = 0; i < 2; i++) {
        uint8_t *bytes[2];
        int64_t lengths[2];
        char path[64];
        snprintf(path, sizeof path, "%s/%s", a, names[i]);
        FV_OK(fv_file_read(fv_test_path(s->folder, path), 1 << 28, &bytes[0], &lengths[0]));
        snprintf(path, sizeof path, "%s/%s", b, names[i]);
        FV_OK(fv_file_read(fv_test_path(s->folder, path), 1 << 28, &bytes[1], &lengths[1]));
        assert_int_equal(lengths[0], lengths[1]);
        assert_memory_equal(bytes[0], bytes[1], (size_t)lengths[0]);
        fv_memory_free(bytes[0]);
        fv_memory_free(bytes[1]);
    }
}

static const char *const later[] = { "epochs=5",         "patience=4",      "selftest_pictures=1",
                                     "reject_below=0.3", "licence=CC0-1.0", NULL };

FV_TEST(train_overrides__it_ends_as_if_it_had_been_begun_with_them) {
    STAGE("targets=top1>=0.5");
    begin(&s, 2);
    set_keys(&s, later);
    FV_OK(train_in(&s, "run", true));
    expect_said(&s,
                "epochs: 3 → 5\npatience: 0 → 4\nreject_below: 0 → 0.3\nselftest_pictures: 3 → 1\nlicence: none → CC0-1.0\n");
    assert_true(strstr(s.said.at, "epochs: 3 → 5") < strstr(s.said.at, "resumed after 1 of 5 epochs"));
    expect_in_file(&s, "run/recipe.yaml", "\nepochs: 5 ");
    expect_in_file(&s, "run/recipe.yaml", "\ntargets: \"top1>=0.5\" ");
    expect_in_file(&s, "run/changes.jsonl", "Z\",\"step\":6,\"key\":\"epochs\",\"old\":3,\"new\":5}\n");
    expect_in_file(&s, "run/changes.jsonl", "\"key\":\"licence\",\"old\":null,\"new\":\"CC0-1.0\"}\n");
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
}

FV_TEST(train_overrides__of_a_finished_training_they_are_taken_too) {
    STAGE("warmup_epochs=0");
    FV_OK(train_in(&s, "run", false));
    set_keys(&s, later);
    FV_OK(train_in(&s, "run", true));
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
    set_keys(&s, KEYS("targets=top1>=0.2"));
    FV_OK(train_in(&s, "run", true));
    expect_said(&s, "targets: none → top1>=0.2\n");
    expect_said(&s, "is finished");
    expect_same_files(&s, "run", "whole");
}

FV_TEST(train_overrides__are_said_and_recorded_once) {
    STAGE("patience=0");
    begin(&s, 1);
    set_keys(&s, KEYS("patience=9"));
    s.stop_epoch = 2;
    FV_FAILS(train_in(&s, "run", true), FV_CANCELLED, NULL);
    expect_said(&s, "patience: 0 → 9\n");
    char *before = text_of(&s, "run/changes.jsonl");
    s.stop_epoch = 0;
    FV_OK(train_in(&s, "run", true));
    assert_null(strstr(s.said.at, "patience: "));
    char *after = text_of(&s, "run/changes.jsonl");
    assert_string_equal(before, after);
    fv_memory_free(before);
    fv_memory_free(after);
    FV_OK(train_in(&s, "other", false)); /* of what nothing was changed there is no record */
    assert_int_equal(fv_file_kind_of(fv_test_path(s.folder, "other/changes.jsonl")), FV_FILE_NONE);
}

FV_TEST(train_overrides__other_epochs_are_refused_where_a_step_had_another_rate) {
    STAGE("schedule=cosine");
    begin(&s, 2);
    set_keys(&s, KEYS("epochs=5"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "epochs is now 5, but the run was begun with 3: by the schedule step ");
    set_keys(&s, KEYS("epochs=3"));
    FV_OK(train_in(&s, "run", true));
    set_keys(&s, KEYS("epochs=4"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "epochs is now 4");
}

FV_TEST(train_overrides__epochs_may_become_fewer_but_not_than_are_begun) {
    STAGE("epochs=6");
    begin(&s, 3);
    set_keys(&s, KEYS("epochs=2"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "epochs is now 2, but 3 are begun");
    set_keys(&s, KEYS("epochs=3"));
    FV_OK(train_in(&s, "run", true));
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
}

FV_TEST(train_overrides__a_schedule_by_epochs_goes_on_to_any_number) {
    STAGE("schedule=step every=2 gamma=0.5");
    begin(&s, 3);
    set_keys(&s, KEYS("epochs=5"));
    FV_OK(train_in(&s, "run", true));
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
}

FV_TEST(train_overrides__other_epochs_are_refused_where_lookahead_asked_for_the_end) {
    STAGE("lookahead=every=4 power=1");
    begin(&s, 2);
    set_keys(&s, KEYS("epochs=5"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "epochs is now 5, but lookahead went by 3");
}

FV_TEST(train_overrides__with_lookahead_it_goes_on_until_the_last_step_looked_back) {
    STAGE("lookahead=every=7"); /* 4 batches an epoch: the end of the third is no seventh step */
    begin(&s, 2);
    set_keys(&s, KEYS("epochs=4"));
    FV_OK(train_in(&s, "run", true));
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
    set_keys(&s, KEYS("epochs=5"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "epochs is now 5, but lookahead went by 4");
}

FV_TEST(train_overrides__a_patience_that_had_ended_it_is_refused) {
    STAGE("epochs=6", "learning_rate=1e-9", "optimizer=sgd", "ema=0"); /* learns nothing: the first epochs are the best */
    begin(&s, 5);
    set_keys(&s, KEYS("patience=1"));
    FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, "patience is now 1, by which the training would have ended after epoch ");
    set_keys(&s, KEYS("patience=6"));
    FV_OK(train_in(&s, "run", true));
}

FV_TEST(train_overrides__what_changes_steps_is_refused_by_its_key) {
    STAGE("strict=false");
    static const char *const keys[][2] = { { "batch", "16" },      { "seed", "4" },          { "learning_rate", "1" },
                                           { "optimizer", "sgd" }, { "schedule", "cosine" }, { "transforms", "normalize" },
                                           { "shards", "4" },      { "select", "loss" },     { "val_fraction", "0.3" } };
    begin(&s, 1);
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) {
        char part[128];
        fv_recipe *kept = s.recipe;
        s.recipe = NULL;
        FV_OK(fv_recipe_new(&s.recipe));
        FV_OK(fv_recipe_read(s.recipe, fv_test_path(s.folder, "run/recipe.yaml")));
        FV_OK(fv_recipe_set(s.recipe, keys[i][0], keys[i][1]));
        snprintf(part, sizeof part, "%s is now \"%s\", but the run was begun with", keys[i][0], keys[i][1]);
        FV_FAILS(train_in(&s, "run", true), FV_CONFLICT, part);
        fv_recipe_free(s.recipe);
        s.recipe = kept;
    }
    FV_OK(train_in(&s, "run", true));
}

FV_TEST(train_overrides__pictures_may_have_moved) {
    STAGE("epochs=2");
    begin(&s, 1);
    set_keys(&s, KEYS("data=" FOVEA_SOURCE "/examples/../examples/shapes/test", "strict=true"));
    FV_OK(train_in(&s, "run", true));
    expect_said(&s, "data: " SHAPES " → " FOVEA_SOURCE "/examples/../examples/shapes/test\nstrict: false → true\n");
    expect_in_file(&s, "run/recipe.yaml", "/examples/../examples/shapes/test");
}

FV_TEST(train_overrides__a_time_is_for_a_training_that_begins) {
    STAGE("epochs=2");
    begin(&s, 1);
    fv_train_options options = { .out = fv_test_path(s.folder, "run"), .resume = true, .seconds = 60 };
    FV_FAILS(fv_train(s.recipe, &options, NULL), FV_USAGE, "--time chooses the epochs of a training that begins");
}

static fv_error *go_on(fv_comm *comm, void *context) {
    stage *s = context;
    fv_train_options options = { .out = s->run, .resume = true, .comm = comm };
    return fv_train(s->recipe, &options, NULL);
}

FV_TEST(train_overrides__ranks_take_them_together) {
    STAGE("epochs=3");
    begin(&s, 2);
    set_keys(&s, KEYS("epochs=4"));
    fv_test_ranks(2, 60, go_on, &s, NULL);
    FV_OK(train_in(&s, "whole", false));
    expect_same_files(&s, "run", "whole");
    char *changes = text_of(&s, "run/changes.jsonl");
    assert_int_equal(strcspn(changes, "\n") + 1, strlen(changes)); /* one line, by one of them */
    fv_memory_free(changes);
}
