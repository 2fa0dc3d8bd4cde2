/* What runs said of pictures: read, told apart, put beside one another. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tests/experiments/runs.h"
#include "tests/test.h"

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a test", 1 << 26, &arena));
    return arena;
}

static fv_run_outcomes *read_text(const char *text, fv_arena *arena) {
    char path[512];
    fv_run_outcomes *outcomes;
    snprintf(path, sizeof path, "%s/predictions.jsonl", fv_test_folder());
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    FV_OK(fv_run_outcomes_read(path, arena, &outcomes));
    return outcomes;
}

static const char *difference(const fv_run_outcomes *a, const fv_run_outcomes *b, fv_arena *arena) {
    const char *reason;
    FV_OK(fv_run_outcomes_differ(a, b, arena, &reason));
    return reason;
}

FV_TEST(experiments_outcomes__are_sorted_by_id_whatever_order_they_were_written_in) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_outcomes *o = read_text("{\"path\":\"b\",\"number\":1,\"predicted\":2}\n"
                                         "{\"path\":\"a\",\"number\":3,\"predicted\":4}\n",
                                         arena);
    assert_true(o->kind == FV_NUMBERS && o->count == 2);
    assert_string_equal(o->ids[0], "a");
    assert_true(o->targets[0] == 3 && o->predicted[1] == 2);
    const fv_run_outcomes *turned = read_text("{\"path\":\"a\",\"number\":3,\"predicted\":0}\n"
                                              "{\"path\":\"b\",\"number\":1,\"predicted\":0}\n",
                                              arena);
    assert_string_equal(o->fingerprint, turned->fingerprint);
    assert_null(difference(o, turned, arena));
}

FV_TEST(experiments_outcomes__of_few_classes_have_every_probability) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_outcomes *o = made_up_outcomes("abab", "aabb", arena);
    assert_true(o->class_count == 2 && o->probabilities && o->scores[0] == 0.75);
    assert_true(o->labels[1] == 1 && o->answers[1] == 0 && o->probabilities[2] == 0.75 && o->probabilities[3] == 0.25);
    const fv_run_outcomes *more = made_up_outcomes("abac", "aabb", arena);
    assert_true(more->class_count == 3 && !more->probabilities);
}

FV_TEST(experiments_outcomes__other_pictures_are_named) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_outcomes *four = made_up_outcomes("abab", "aabb", arena), *six = made_up_outcomes("ababbb", "aabbbb", arena);
    const fv_run_outcomes *relabelled = made_up_outcomes("abbb", "aabb", arena);
    assert_null(difference(four, four, arena));
    assert_string_equal(difference(four, six, arena), "other test pictures: 2 pictures are only in the second: 4.png, 5.png");
    assert_string_equal(difference(six, four, arena), "other test pictures: 2 pictures are only in the first: 4.png, 5.png");
    assert_string_equal(difference(four, relabelled, arena), "1 picture has another truth: 2.png");
    assert_string_equal(difference(four, NULL, arena), "no predictions were kept of one of them");
    const fv_run_outcomes *number = read_text("{\"path\":\"a\",\"number\":1,\"predicted\":2}\n", arena);
    assert_string_equal(difference(four, number, arena), "their targets are of different kinds");
}

FV_TEST(experiments_outcomes__classes_of_two_runs_become_one_list) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_outcomes *a = made_up_outcomes("bbc", "bcc", arena), *b = made_up_outcomes("bbc", "dbc", arena);
    fv_run_pair pair;
    int64_t counts[25];
    FV_OK(fv_run_outcomes_pair(a, b, true, arena, &pair));
    assert_int_equal(pair.class_count, 4); /* "a" is named as the other one */
    assert_string_equal(pair.classes[3], "d");
    assert_false(pair.scored);
    FV_OK(fv_confusion_matrix(&pair.of[1], counts));
    assert_true(counts[1 * 4 + 3] == 1 && counts[1 * 4 + 1] == 1 && counts[2 * 4 + 2] == 1);
    FV_OK(fv_outcomes_match(&pair.of[0], &pair.of[1]));
}

FV_TEST(experiments_outcomes__labels_are_what_was_said) {
    FV_OWNED(fv_arena) arena = arena_new();
    const fv_run_outcomes *o =
        read_text("{\"path\":\"1\",\"labels\":[\"x\",\"y\"],\"predicted\":[\"y\"],\"top\":[{\"label\":\"y\",\"score\":0.9}]}\n"
                  "{\"path\":\"2\",\"labels\":[],\"predicted\":[\"z\"],\"top\":[{\"label\":\"z\",\"score\":0.8}]}\n",
                  arena);
    const fv_run_outcomes *other = read_text("{\"path\":\"1\",\"labels\":[\"y\",\"x\"],\"predicted\":[],\"top\":[]}\n"
                                             "{\"path\":\"2\",\"labels\":[],\"predicted\":[],\"top\":[]}\n",
                                             arena);
    fv_run_pair pair;
    double loss;
    assert_int_equal(o->class_count, 3);
    assert_null(difference(o, other, arena));
    FV_OK(fv_run_outcomes_pair(o, other, true, arena, &pair));
    FV_OK(fv_metric_measure("hamming_loss", &pair.of[0], &loss));
    assert_true(fabs(loss - 2.0 / 6) < 1e-12);
    FV_OK(fv_metric_measure("hamming_loss", &pair.of[1], &loss));
    assert_true(fabs(loss - 2.0 / 6) < 1e-12);
}

FV_TEST(experiments_outcomes__a_picture_that_is_there_twice_is_named) {
    FV_OWNED(fv_arena) arena = arena_new();
    char path[512];
    fv_run_outcomes *outcomes;
    static const char text[] = "{\"path\":\"a\",\"number\":1,\"predicted\":2}\n{\"path\":\"a\",\"number\":1,\"predicted\":2}\n";
    snprintf(path, sizeof path, "%s/predictions.jsonl", fv_test_folder());
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    FV_FAILS(fv_run_outcomes_read(path, arena, &outcomes), FV_FORMAT, "two lines about a");
}

typedef struct change {
    char path[500], other[500];
} change;

/* Once the reader has the pipe open its name goes to another file. */
static void *write_and_replace(void *context) {
    static const char text[] = "{\"path\":\"a\",\"label\":\"x\",\"predicted\":\"x\",\"score\":1,\"top\":[]}\n";
    const change *c = context;
    int pipe = open(c->path, O_WRONLY | O_CLOEXEC);
    bool done = pipe >= 0 && rename(c->other, c->path) == 0 && write(pipe, text, sizeof text - 1) > 0;
    if (pipe >= 0) close(pipe);
    return done ? context : NULL;
}

FV_TEST(experiments_outcomes__of_a_file_that_gets_other_classes_while_it_is_read_are_an_error) {
    static const char text[] = "{\"path\":\"a\",\"label\":\"y\",\"predicted\":\"x\",\"score\":1,\"top\":[]}\n";
    FV_OWNED(fv_arena) arena = arena_new();
    change c;
    pthread_t writer;
    void *done;
    fv_run_outcomes *outcomes;
    snprintf(c.path, sizeof c.path, "%s/changing", fv_test_folder());
    snprintf(c.other, sizeof c.other, "%s/other", fv_test_folder());
    FV_OK(fv_file_write(c.other, text, sizeof text - 1, NULL));
    assert_int_equal(mkfifo(c.path, 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_and_replace, &c), 0);
    FV_FAILS(fv_run_outcomes_read(c.path, arena, &outcomes), FV_CONFLICT, "was changed while it was read");
    pthread_join(writer, &done);
    assert_non_null(done);
}
