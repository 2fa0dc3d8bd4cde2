/* The engine answers each ask once, with the bits of `fovea predict`, or says why not. */
#include "serve/engine.h"

#include <pthread.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "predict/picture.h"
#include "serve/served_state.h"
#include "tests/allocations.h"
#include "tests/serve/model.h"
#include "tests/test.h"

typedef struct bench {
    fv_engine *engine;
    fv_served *served;
    fv_test_answer answers[FV_PICTURES];
} bench;

static void set_up(bench *b, const fv_engine_options *options, int64_t max_batch) {
    const char *path = fv_test_model_file(fv_test_folder(), "m", 5);
    for (int i = 0; i < FV_PICTURES; i++) b->answers[i] = fv_test_predict(path, i);
    FV_OK(fv_served_open(path, &(fv_served_options){ .name = "m", .version = 3, .max_batch = max_batch }, &b->served));
    FV_OK(fv_engine_new(options, &b->engine));
    FV_OK(fv_engine_prepare(b->engine, b->served));
}

static void tear_down(bench *b) {
    fv_engine_free(b->engine);
    fv_served_unref(b->served);
}

FV_TEST(serve_engine__answers_with_the_bits_of_predict) {
    bench b;
    set_up(&b, NULL, 0);
    for (int i = 0; i < FV_PICTURES; i++) {
        fv_waited w;
        fv_waited_init(&w, b.served, i);
        FV_OK(fv_engine_ask(b.engine, &w.ask));
        fv_waited_wait(&w);
        fv_test_is_answer(&w.ask, &b.answers[i]);
        assert_int_equal(w.ask.batch_rows, 1);
        assert_int_equal(w.ask.facts.stored.height, 28);
        assert_true(w.ask.seconds.decode > 0 && w.ask.seconds.compute > 0 && w.ask.seconds.queue >= 0);
        fv_waited_release(&w);
    }
    tear_down(&b);
}

/* No worker wakes up: the answer is there when the call returns. */
FV_TEST(serve_engine__who_asks_alone_may_answer_itself) {
    bench b;
    set_up(&b, &(fv_engine_options){ .here = 1e6 }, 0);
    for (int i = 0; i < FV_PICTURES; i++) {
        fv_waited w;
        fv_waited_init(&w, b.served, i);
        w.ask.here = true;
        FV_OK(fv_engine_ask(b.engine, &w.ask));
        assert_int_equal(atomic_load(&w.done), 1);
        fv_test_is_answer(&w.ask, &b.answers[i]);
        fv_waited_release(&w);
    }
    assert_true(fv_engine_drain(b.engine, 0));
    tear_down(&b);
}

typedef struct crowd_of_one {
    bench *bench;
    int first;
    pthread_t thread;
} crowd_of_one;

static void *ask_here(void *context) {
    crowd_of_one *one = context;
    for (int i = 0; i < 10; i++) {
        int picture = (one->first + i) % FV_PICTURES;
        fv_waited w;
        fv_waited_init(&w, one->bench->served, picture);
        w.ask.here = true;
        FV_OK(fv_engine_ask(one->bench->engine, &w.ask));
        fv_waited_wait(&w);
        fv_test_is_answer(&w.ask, &one->bench->answers[picture]);
        fv_waited_release(&w);
    }
    return NULL;
}

FV_TEST(serve_engine__askers_and_workers_answer_beside_each_other) {
    bench b;
    crowd_of_one askers[4];
    set_up(&b, &(fv_engine_options){ .here = 1e6 }, 0);
    for (int i = 0; i < 4; i++) {
        askers[i] = (crowd_of_one){ .bench = &b, .first = i };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_here, &askers[i]), 0);
    }
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    tear_down(&b);
}

#define CROWD 100

static void answer_a_crowd(const fv_engine_options *options, int64_t max_batch) {
    bench b;
    static fv_waited crowd[CROWD];
    set_up(&b, options, max_batch);
    for (int i = 0; i < CROWD; i++) {
        fv_waited_init(&crowd[i], b.served, i % FV_PICTURES);
        FV_OK(fv_engine_ask(b.engine, &crowd[i].ask));
    }
    int64_t shared = 0;
    for (int i = 0; i < CROWD; i++) {
        fv_waited_wait(&crowd[i]);
        fv_test_is_answer(&crowd[i].ask, &b.answers[i % FV_PICTURES]);
        shared += crowd[i].ask.batch_rows > 1;
        fv_waited_release(&crowd[i]);
    }
    assert_true(shared > 0);
    fv_engine_free(fv_take(&b.engine));
    for (int i = 0; i < CROWD; i++) assert_int_equal(atomic_load(&crowd[i].done), 1);
    fv_served_reading reading;
    fv_served_read(b.served, &reading);
    assert_int_equal(reading.asks[FV_ASK_ANSWERED], CROWD);
    assert_int_equal(reading.compute.count, CROWD);
    assert_int_equal((int64_t)reading.rows.sum, CROWD);
    int64_t classes[FV_MODEL_CLASSES];
    fv_served_class_counts(b.served, classes);
    assert_int_equal(classes[0] + classes[1] + classes[2], CROWD);
    tear_down(&b);
}

FV_TEST(serve_engine__who_shares_a_batch_changes_no_bit) {
    answer_a_crowd(&(fv_engine_options){ .workers = 3, .max_delay = 0.002 }, 7);
}

/* Three threads that compute alone, one, and a team of more than compute alone. */
FV_TEST(serve_engine__who_runs_a_batch_changes_no_bit) {
    int before = fv_parallel_threads();
    const int threads[] = { 3, 1, FV_SERVED_ALONE_MAX + 1 };
    for (int i = 0; i < 3; i++) {
        FV_OK(fv_parallel_set_threads(threads[i]));
        assert_int_equal(fv_served_alone(), i ? 0 : 3);
        answer_a_crowd(&(fv_engine_options){ .max_delay = 0.002 }, 8);
    }
    FV_OK(fv_parallel_set_threads(before));
}

FV_TEST(serve_engine__what_is_no_picture_is_told_and_harms_nobody) {
    bench b;
    fv_waited bad, good;
    set_up(&b, &(fv_engine_options){ .max_delay = 0.01, .max_pixels = 27 * 27 }, 0);
    fv_waited_init(&bad, b.served, 0);
    bad.ask.bytes = "no picture", bad.ask.length = 10, bad.ask.name = "cat.jpg";
    FV_OK(fv_engine_ask(b.engine, &bad.ask));
    fv_waited_init(&good, b.served, 1);
    FV_OK(fv_engine_ask(b.engine, &good.ask));
    fv_waited_wait(&bad), fv_waited_wait(&good);
    FV_FAILS(fv_take(&bad.ask.error), FV_FORMAT, "cat.jpg");
    FV_FAILS(fv_take(&good.ask.error), FV_UNSUPPORTED, "more than the 729 allowed");
    fv_served_reading reading;
    fv_served_read(b.served, &reading);
    assert_int_equal(reading.asks[FV_ASK_BAD], 2);
    fv_waited_release(&bad), fv_waited_release(&good);
    tear_down(&b);
}

FV_TEST(serve_engine__an_ask_that_makes_no_sense_is_refused_at_once) {
    bench b;
    fv_waited w;
    set_up(&b, &(fv_engine_options){ .max_bytes = 100 }, 0);
    fv_waited_init(&w, b.served, 0);
    FV_FAILS(fv_engine_ask(b.engine, &w.ask), FV_UNSUPPORTED, "more than the 100 allowed");
    w.ask.length = 0;
    FV_FAILS(fv_engine_ask(b.engine, &w.ask), FV_FORMAT, "is empty");
    w.ask.bytes = NULL;
    FV_FAILS(fv_engine_ask(b.engine, &w.ask), FV_USAGE, "a file or pixels");
    fv_waited_init(&w, b.served, 0);
    w.ask.top = -1;
    FV_FAILS(fv_engine_ask(b.engine, &w.ask), FV_USAGE, "cannot be negative");
    assert_int_equal(atomic_load(&w.done), 0);
    fv_waited_release(&w);
    tear_down(&b);
}

FV_TEST(serve_engine__pixels_are_answered_as_their_file) {
    bench b;
    fv_waited w;
    float row[28 * 28];
    fv_picture_work work = { 0 };
    fv_predict_input picture = { 0 };
    set_up(&b, NULL, 0);
    picture.bytes = fv_test_picture(2, &picture.length, &picture.path);
    FV_OK(fv_predictor_read(fv_served_predictor(b.served), &picture, NULL, &work, NULL, row));
    fv_waited_init(&w, b.served, 2);
    w.ask.bytes = NULL, w.ask.pixels = row;
    FV_OK(fv_engine_ask(b.engine, &w.ask));
    fv_waited_wait(&w);
    fv_test_is_answer(&w.ask, &b.answers[2]);
    assert_true(w.ask.seconds.decode == 0);
    fv_waited_release(&w);
    fv_picture_work_release(&work);
    tear_down(&b);
}

FV_TEST(serve_engine__top_and_threshold_are_those_of_the_ask) {
    bench b;
    fv_waited w;
    set_up(&b, NULL, 0);
    fv_waited_init(&w, b.served, 0);
    w.ask.top = 1, w.ask.threshold = 0.999;
    FV_OK(fv_engine_ask(b.engine, &w.ask));
    fv_waited_wait(&w);
    assert_int_equal(w.ask.prediction.count, 1);
    assert_true(w.ask.prediction.abstained);
    assert_true(w.ask.room.probabilities[0] > 0); /* of all classes, whatever `top` is */
    fv_waited_release(&w);
    tear_down(&b);
}

FV_TEST(serve_engine__a_full_queue_is_busy_and_says_for_how_long) {
    bench b;
    static fv_waited crowd[9];
    set_up(&b, &(fv_engine_options){ .max_delay = 600, .queue = 8 }, 16); /* eight wait for company until the end */
    for (int i = 0; i < 9; i++) fv_waited_init(&crowd[i], b.served, i % FV_PICTURES);
    for (int i = 0; i < 8; i++) FV_OK(fv_engine_ask(b.engine, &crowd[i].ask));
    FV_FAILS(fv_engine_ask(b.engine, &crowd[8].ask), FV_BUSY, "8 pictures wait");
    assert_true(crowd[8].ask.retry_after > 0);
    for (int i = 0; i < 8; i++) assert_int_equal(atomic_load(&crowd[i].done), 0);
    for (int i = 0; i < 8; i++) atomic_store(&crowd[i].ask.withdrawn, 1);
    assert_int_equal(fv_engine_read(b.engine).pending, 8);
    fv_engine_free(fv_take(&b.engine));
    for (int i = 0; i < 8; i++) {
        assert_int_equal(atomic_load(&crowd[i].done), 1);
        FV_FAILS(fv_take(&crowd[i].ask.error), FV_CANCELLED, "withdrawn");
    }
    for (int i = 0; i < 9; i++) fv_waited_release(&crowd[i]);
    tear_down(&b);
}

FV_TEST(serve_engine__an_ask_past_its_deadline_is_refused) {
    bench b;
    fv_waited w;
    set_up(&b, NULL, 0);
    fv_waited_init(&w, b.served, 0);
    w.ask.deadline = fv_clock_seconds() - 1;
    FV_FAILS(fv_engine_ask(b.engine, &w.ask), FV_CANCELLED, "time had run out");
    w.ask.deadline = fv_clock_seconds() + 600;
    FV_OK(fv_engine_ask(b.engine, &w.ask));
    fv_waited_wait(&w);
    fv_test_is_answer(&w.ask, &b.answers[0]);
    fv_waited_release(&w);
    tear_down(&b);
}

FV_TEST(serve_engine__drains_what_it_took_and_takes_no_more) {
    bench b;
    static fv_waited crowd[20];
    set_up(&b, NULL, 0);
    for (int i = 0; i < 20; i++) {
        fv_waited_init(&crowd[i], b.served, i % FV_PICTURES);
        FV_OK(fv_engine_ask(b.engine, &crowd[i].ask));
    }
    assert_true(fv_engine_drain(b.engine, 600));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(atomic_load(&crowd[i].done), 1);
        fv_test_is_answer(&crowd[i].ask, &b.answers[i % FV_PICTURES]);
    }
    FV_FAILS(fv_engine_ask(b.engine, &crowd[0].ask), FV_CANCELLED, "ending");
    for (int i = 0; i < 20; i++) fv_waited_release(&crowd[i]);
    tear_down(&b);
}

/* Pixels need no decoder, whose library allocates as it likes. */
FV_TEST(serve_engine__after_the_first_asks_no_memory_is_asked_for) {
    bench b;
    static fv_waited crowd[32];
    static float row[28 * 28];
    fv_allocations_watch();
    set_up(&b, NULL, 4);
    for (int i = 0; i < 32; i++) fv_waited_init(&crowd[i], b.served, 0);
    for (int round = 0; round < 4; round++) {
        int64_t before = fv_allocations();
        for (int i = 0; i < 32; i++) {
            crowd[i].ask.bytes = NULL, crowd[i].ask.pixels = row;
            atomic_store(&crowd[i].done, 0);
            assert_null(fv_engine_ask(b.engine, &crowd[i].ask));
        }
        for (int i = 0; i < 32; i++) fv_waited_wait(&crowd[i]);
        if (round > 0) assert_int_equal(fv_allocations() - before, 0);
    }
    for (int i = 0; i < 32; i++) fv_waited_release(&crowd[i]);
    tear_down(&b);
}
