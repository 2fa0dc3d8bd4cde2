/* A training by several ranks: the files of one, whatever happens on the way. */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fovea/train.h"
#include "tests/core/comm/ranks.h"
#include "tests/data/pictures.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"

typedef struct training {
    const char *out;
    const char *const (*keys)[2];
    bool resume;
    int stop_rank;     /* of the rank that is told to stop */
    int64_t stop_step; /* after so many steps; 0: never */
    int messages, epochs;
    int64_t workers;
    double seconds;
    const char *copy_to; /* rank 0 alone saves after every step, and what is kept after the third of epoch 2 is copied there */
} training;

/* Of one rank. */
typedef struct rank_view {
    training *t;
    int cancel;
    fv_comm *comm;
} rank_view;

/* Every rank says which it is, all at the same time. */
static void count(int *heard) { __atomic_fetch_add(heard, 1, __ATOMIC_RELAXED); }
static void hear(void *context, const char *line) { (void)line, count(&((rank_view *)context)->t->messages); }
static void hear_epoch(void *context, const fv_epoch *epoch) { (void)epoch, count(&((rank_view *)context)->t->epochs); }

static void copy_file(const char *from, const char *to, const char *name) {
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(from, name), 1 << 28, &bytes, &length));
    FV_OK(fv_file_write(fv_test_path(to, name), bytes, length, NULL));
    fv_memory_free(bytes);
}

static void watch(void *context, const fv_progress *progress) {
    rank_view *view = context;
    const training *t = view->t;
    if (!strcmp(progress->what, "train") && t->copy_to && progress->epoch == 2 && progress->done == 3) {
        copy_file(t->out, t->copy_to, "last.fovea");
        copy_file(t->out, t->copy_to, "best.fovea");
    }
    if (!strcmp(progress->what, "train") && t->stop_step && progress->done >= t->stop_step)
        __atomic_store_n(&view->cancel, 1, __ATOMIC_RELAXED);
}

static fv_error *train(fv_comm *comm, void *context) {
    FV_OWNED(fv_recipe) recipe = NULL;
    training *t = context;
    rank_view view = { .t = t, .comm = comm };
    FV_TRY(fv_recipe_new(&recipe));
    for (int i = 0; t->keys[i][0]; i++) FV_TRY(fv_recipe_set(recipe, t->keys[i][0], t->keys[i][1]));
    /* Only rank 0 is told of steps; another that is to stop is told before the first. */
    view.cancel = t->stop_step && t->stop_rank > 0 && fv_comm_rank(comm) == t->stop_rank;
    fv_train_options options = { .out = t->out,
                                 .resume = t->resume,
                                 .workers = t->workers,
                                 .seconds = t->seconds,
                                 .checkpoint_every = t->copy_to && !fv_comm_rank(comm) ? 1e-9 : 0,
                                 .context = &view,
                                 .message = hear,
                                 .progress = t->stop_rank == 0 ? watch : NULL,
                                 .epoch = hear_epoch,
                                 .cancel = &view.cancel,
                                 .comm = comm };
    return fv_train(recipe, &options, NULL);
}

static void assert_same_run(const char *a, const char *b) {
    fv_test_same_file(fv_test_path(a, "best.fovea"), fv_test_path(b, "best.fovea"));
    fv_test_same_file(fv_test_path(a, "last.fovea"), fv_test_path(b, "last.fovea"));
    fv_test_same_file(fv_test_path(a, "recipe.yaml"), fv_test_path(b, "recipe.yaml"));
}

/* Batch norm, dropout, mixed pictures, averaged weights; the last batch is another than the first. */
static const char *const mixed[][2] = {
    { "data", SHAPES },   { "arch", "small_cnn width=4" },
    { "epochs", "2" },    { "batch", "26" },
    { "seed", "3" },      { "ema_decay", "0.9" },
    { "clip_norm", "1" }, { "transforms", "random_crop size=28 padding=2; hflip; mixup; normalize" },
    { "size", "28,28" },  { NULL, NULL }
};
/* Gradients of several batches, weights of classes. */
static const char *const gathered[][2] = { { "data", SHAPES },
                                           { "arch", "lenet" },
                                           { "channels", "1" },
                                           { "epochs", "1" },
                                           { "batch", "20" },
                                           { "accumulate", "3" },
                                           { "class_weights", "balanced" },
                                           { "lookahead", "every=2" },
                                           { NULL, NULL } };

static void expect_files_of_one(const char *const (*keys)[2], const int *ranks, int count) {
    const char *folder = fv_test_folder();
    char one[512], many[512];
    snprintf(one, sizeof one, "%s/one", folder);
    fv_test_ranks(1, 60, train, &(training){ .out = one, .keys = keys }, NULL);
    for (int i = 0; i < count; i++) {
        snprintf(many, sizeof many, "%s/of%d", folder, ranks[i]);
        training t = { .out = many, .keys = keys, .workers = i };
        fv_test_ranks(ranks[i], 60, train, &t, NULL);
        assert_same_run(one, many);
        assert_true(t.epochs > 0 && t.messages > ranks[i]); /* as many as one rank says, and where each is */
    }
}

FV_TEST(train_ranks__leave_the_files_of_one) { expect_files_of_one(mixed, (int[]){ 2, 3 }, 2); }
FV_TEST(train_ranks__gather_gradients_as_one_does) { expect_files_of_one(gathered, (int[]){ 4 }, 1); }

/* Stopped by one of two ranks, gone on with by one, and by three. What a rank is told after step 2 all hear of after step 3. */
static void stop_and_go_on(int stop_rank, int64_t stop_step) {
    const char *folder = fv_test_folder();
    char one[512], many[512];
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    fv_test_ranks(1, 60, train, &(training){ .out = one, .keys = mixed }, NULL);
    training t = { .out = many, .keys = mixed, .stop_rank = stop_rank, .stop_step = stop_step };
    fv_error *errors[2];
    fv_test_ranks(2, 60, train, &t, errors);
    for (int r = 0; r < 2; r++) FV_FAILS(errors[r], FV_CANCELLED, stop_rank ? "after 0 of its" : "after 3 of its");
    t.resume = true;
    t.stop_rank = 0, t.stop_step = 4;
    fv_error *error;
    fv_test_ranks(1, 60, train, &t, &error);
    FV_FAILS(error, FV_CANCELLED, "after 4 of its");
    t.stop_step = 0;
    fv_test_ranks(3, 60, train, &t, NULL);
    assert_same_run(one, many);
}

FV_TEST(train_ranks__stop_together_and_are_gone_on_with_by_another_number) { stop_and_go_on(0, 2); }
FV_TEST(train_ranks__stop_together_when_another_than_the_first_is_told) { stop_and_go_on(1, 1); }

FV_TEST(train_ranks__save_within_an_epoch_by_the_clock_of_the_first) {
    const char *folder = fv_test_folder();
    char one[512], many[512], killed[512];
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    snprintf(killed, sizeof killed, "%s/killed", folder);
    fv_test_ranks(1, 60, train, &(training){ .out = one, .keys = mixed }, NULL);
    FV_OK(fv_file_make_folder(killed));
    fv_test_ranks(2, 60, train, &(training){ .out = many, .keys = mixed, .copy_to = killed }, NULL);
    assert_same_run(one, many);
    fv_test_ranks(3, 60, train, &(training){ .out = killed, .keys = mixed, .resume = true }, NULL);
    fv_test_same_file(fv_test_path(one, "best.fovea"), fv_test_path(killed, "best.fovea"));
    fv_test_same_file(fv_test_path(one, "last.fovea"), fv_test_path(killed, "last.fovea"));
}

FV_TEST(train_ranks__agree_on_as_many_epochs_as_a_time_holds) {
    char out[512];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    training t = { .out = out, .keys = gathered, .seconds = 0.01 };
    fv_test_ranks(2, 60, train, &t, NULL);
    assert_int_equal(t.epochs, 1);
}

/* ---- what goes wrong on one ---- */

static fv_error *train_other(fv_comm *comm, void *context) {
    training t = *(training *)context;
    const char *const other[][2] = {
        { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" }, { "seed", "4" }, { NULL, NULL }
    };
    const char *const none[][2] = { { "data", "/nowhere" }, { "arch", "lenet" }, { NULL, NULL } };
    if (fv_comm_rank(comm) == 1) t.keys = t.workers ? none : other;
    t.workers = 0;
    return train(comm, &t);
}

FV_TEST(train_ranks__that_differ_do_not_begin) {
    char out[512];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    const char *const keys[][2] = {
        { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" }, { "seed", "3" }, { NULL, NULL }
    };
    training t = { .out = out, .keys = keys };
    fv_error *errors[2];
    fv_test_ranks(2, 60, train_other, &t, errors);
    for (int r = 0; r < 2; r++) FV_FAILS(errors[r], FV_CONFLICT, "the recipe");
    t.workers = 1;
    fv_test_ranks(2, 60, train_other, &t, errors);
    FV_FAILS(errors[0], FV_NOT_FOUND, "rank 1: /nowhere");
    FV_FAILS(errors[1], FV_NOT_FOUND, "/nowhere");
    assert_int_equal(fv_file_kind_of(out), FV_FILE_NONE);
}

FV_TEST(train_ranks__refuse_what_one_rank_decides) {
    char out[512];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    const char *const keys[][2] = { { "data", SHAPES }, { "arch", "lenet" }, { "batch", "0" }, { NULL, NULL } };
    training t = { .out = out, .keys = keys };
    fv_error *errors[2];
    fv_test_ranks(2, 60, train, &t, errors);
    for (int r = 0; r < 2; r++) FV_FAILS(errors[r], FV_USAGE, "batch of 0");
}
