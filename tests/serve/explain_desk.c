/* The desk makes the maps of `fovea explain`, lets in so many requests, and lets nobody wait. */
#include "serve/explain_desk.h"

#include <time.h>

#include "core/base/clock.h"
#include "plot/picture.h"
#include "predict/predictor.h"
#include "tests/serve/model.h"
#include "tests/test.h"

#define COUNT 3 /* pictures of a request */

typedef struct desk_bench {
    fv_explain_desk *desk;
    fv_engine *engine;
    fv_served *served;
    fv_waited waited[COUNT];
    fv_ask asks[COUNT]; /* answered: the last one with an error */
    fv_explained room[COUNT];
    fv_explain_job job;
    _Atomic int done;
} desk_bench;

static void done(fv_explain_job *job) { atomic_fetch_add(&((desk_bench *)job->context)->done, 1); }

static void set_up(desk_bench *b, int64_t queue) {
    const char *path = fv_test_model_file(fv_test_folder(), "m", 5);
    *b = (desk_bench){ 0 };
    FV_OK(fv_served_open(path, &(fv_served_options){ .name = "m", .version = 3 }, &b->served));
    FV_OK(fv_engine_new(NULL, &b->engine));
    FV_OK(fv_engine_prepare(b->engine, b->served));
    FV_OK(fv_explain_desk_new(queue, &(fv_decode_options){ 0 }, &b->desk));
    for (int i = 0; i < COUNT; i++) {
        fv_waited_init(&b->waited[i], b->served, i);
        if (i == COUNT - 1) b->waited[i].ask.bytes = "no picture", b->waited[i].ask.length = 10;
        FV_OK(fv_engine_ask(b->engine, &b->waited[i].ask));
        fv_waited_wait(&b->waited[i]);
        b->asks[i] = b->waited[i].ask;
    }
    fv_explain_job_init(&b->job, b->room, COUNT);
    b->job.method = "gradcam", b->job.asks = b->asks, b->job.done = done, b->job.context = b;
}

static void tear_down(desk_bench *b) {
    fv_explain_job_release(&b->job);
    fv_explain_desk_free(b->desk);
    for (int i = 0; i < COUNT; i++) fv_waited_release(&b->waited[i]);
    fv_engine_free(b->engine);
    fv_served_unref(b->served);
}

static void ask(desk_bench *b) {
    double retry_after;
    FV_OK(fv_explain_desk_enter(b->desk, &retry_after));
    fv_explain_desk_ask(b->desk, &b->job);
    while (!atomic_load(&b->done)) nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
}

/* By another predictor, in this thread. */
static void is_explained(const fv_served *served, int picture, const fv_explained *got) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_explanation) e = NULL;
    FV_TEXT(png, 1 << 20);
    const float *logits;
    fv_predict_input input = { 0 };
    input.bytes = fv_test_picture(picture, &input.length, &input.path);
    FV_OK(fv_predictor_beside(fv_served_predictor(served), NULL, &predictor));
    FV_OK(fv_explanation_new(predictor, &e));
    FV_OK(fv_explanation_read(e, &input, NULL));
    FV_OK(fv_predictor_run(predictor, e->work.image.pixels, 1, &logits));
    int64_t best = fv_explanation_best(logits, FV_MODEL_CLASSES);
    FV_OK(fv_explanation_make(e, &(fv_explanation_wish){ .method = "gradcam", .output = best, .scored = true }));
    FV_OK(fv_picture_to_png(&(fv_picture){ e->overlaid, 28, 28, 3 }, &png));
    if (got->error) fail_msg("%s", fv_error_message(got->error));
    assert_string_equal(got->label, fv_predictor_output_name(predictor, best));
    assert_true(got->scored);
    assert_memory_equal(&got->score, &e->score, sizeof e->score);
    assert_int_equal(got->png.length, png.length);
    assert_memory_equal(got->png.at, png.at, (size_t)png.length);
}

FV_TEST(serve_explain_desk__makes_the_maps_of_fovea_explain) {
    desk_bench b;
    set_up(&b, 1);
    b.job.scored = true;
    ask(&b);
    for (int i = 0; i < COUNT - 1; i++) is_explained(b.served, i, &b.room[i]);
    assert_null(b.room[COUNT - 1].error); /* what has no answer is passed over */
    assert_int_equal(b.room[COUNT - 1].png.length, 0);
    fv_explain_reading reading = fv_explain_desk_read(b.desk);
    assert_int_equal(reading.made, COUNT - 1);
    assert_int_equal(reading.failed, 0);
    assert_int_equal(reading.requests, 0); /* its place is free again */
    tear_down(&b);
}

FV_TEST(serve_explain_desk__draws_a_sheet_of_all_pictures_instead) {
    desk_bench b;
    set_up(&b, 1);
    b.job.sheet = true;
    ask(&b);
    assert_true(b.job.sheet_png.length > 100);
    assert_memory_equal(b.job.sheet_png.at, "\x89PNG", 4);
    assert_int_equal(b.room[0].png.length, 0);
    assert_false(b.room[0].scored);
    tear_down(&b);
}

FV_TEST(serve_explain_desk__who_finds_no_place_is_told_at_once) {
    desk_bench b;
    double retry_after;
    set_up(&b, 2);
    for (int i = 0; i < 2; i++) FV_OK(fv_explain_desk_enter(b.desk, &retry_after));
    FV_FAILS(fv_explain_desk_enter(b.desk, &retry_after), FV_BUSY, "2 requests are being explained");
    fv_explain_desk_leave(b.desk);
    ask(&b);
    fv_explain_desk_leave(b.desk);
    assert_int_equal(fv_explain_desk_read(b.desk).refused, 1);
    tear_down(&b);
}

FV_TEST(serve_explain_desk__what_is_too_late_or_cannot_be_is_each_pictures_error) {
    desk_bench b;
    set_up(&b, 1);
    b.job.deadline = fv_clock_seconds() - 1;
    ask(&b);
    for (int i = 0; i < COUNT - 1; i++) FV_FAILS(fv_take(&b.room[i].error), FV_CANCELLED, "its time ran out");
    assert_null(fv_explain_job_take_error(&b.job));
    b.job.deadline = 0, b.job.method = "occlusion window=2 stride=3", b.done = 0;
    ask(&b);
    FV_FAILS(fv_explain_job_take_error(&b.job), FV_USAGE, "leaves pixels out");
    assert_int_equal(fv_explain_desk_read(b.desk).failed, 2 * (COUNT - 1));
    tear_down(&b);
}

FV_TEST(serve_explain_desk__one_that_has_ended_lets_nobody_wait) {
    desk_bench b;
    double retry_after;
    set_up(&b, 2);
    FV_OK(fv_explain_desk_enter(b.desk, &retry_after));
    fv_explain_desk_end(b.desk);
    fv_explain_desk_ask(b.desk, &b.job);
    assert_int_equal(atomic_load(&b.done), 1);
    FV_FAILS(fv_explain_job_take_error(&b.job), FV_CANCELLED, "the server is ending");
    FV_FAILS(fv_explain_desk_enter(b.desk, &retry_after), FV_CANCELLED, "the server is ending");
    tear_down(&b);
}
