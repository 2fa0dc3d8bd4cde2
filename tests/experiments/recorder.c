/* The recorder: what is put in comes out in the registry, in time and in order, and stopping is heard. */
#include "experiments/recorder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/test.h"

typedef struct stage {
    fv_registry *registry;
    fv_run run;
    fv_recorder *recorder;
    int asked, stop;
} stage;

static void set_up(stage *s) {
    *s = (stage){ 0 };
    FV_OK(fv_registry_open(fv_test_folder(), NULL, &s->registry));
    FV_OK(fv_run_start(s->registry, &(fv_run_options){ .name = "one" }, &s->run));
    FV_OK(fv_recorder_new(s->registry, &s->run, &s->asked, &s->stop, &s->recorder));
}

static void tear_down(stage *s) {
    fv_recorder_free(s->recorder);
    fv_registry_free(s->registry);
}

/* Until `*flag` is set, but no longer than ten seconds. */
static bool wait_for(const int *flag) {
    for (int i = 0; i < 1000 && !__atomic_load_n(flag, __ATOMIC_RELAXED); i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

FV_TEST(experiments_recorder__writes_every_point_by_its_close) {
    stage s;
    set_up(&s);
    for (int64_t i = 0; i < 5000; i++) {
        fv_metric_point points[] = { { .key = "loss", .value = 1.0 / (double)(i + 1), .step = i, .direction = -1 },
                                     { .key = "score", .value = (double)i, .step = i, .direction = 1 } };
        fv_recorder_add(s.recorder, points, 2);
    }
    FV_OK(fv_recorder_close(s.recorder));
    fv_metric_history history;
    FV_OK(fv_run_history(s.registry, s.run.id, "loss", 0, &history));
    assert_int_equal(history.count, 5000);
    for (int64_t i = 0; i < 5000; i++) {
        assert_int_equal(history.steps[i], i);
        assert_true(history.values[i] == 1.0 / (double)(i + 1));
    }
    fv_metric_history_release(&history);
    tear_down(&s);
}

FV_TEST(experiments_recorder__tells_how_many_points_a_run_that_is_over_did_not_take) {
    stage s;
    set_up(&s);
    FV_OK(fv_run_end(s.registry, &s.run, FV_RUN_KILLED, NULL));
    fv_recorder_add(s.recorder, &(fv_metric_point){ .key = "loss", .value = 1 }, 1);
    FV_FAILS(fv_recorder_close(s.recorder), FV_CONFLICT, "1 points were not recorded");
    tear_down(&s);
}

FV_TEST(experiments_recorder__hears_that_the_run_is_asked_to_stop) {
    stage s;
    set_up(&s);
    FV_OK(fv_run_ask_to_stop(s.registry, s.run.id));
    fv_recorder_add(s.recorder, &(fv_metric_point){ .key = "loss", .value = 1 }, 1);
    assert_true(wait_for(&s.stop));
    FV_OK(fv_recorder_close(s.recorder));
    tear_down(&s);
}

FV_TEST(experiments_recorder__hands_on_what_the_user_asks_for) {
    stage s;
    set_up(&s);
    __atomic_store_n(&s.asked, 1, __ATOMIC_RELAXED);
    assert_true(wait_for(&s.stop));
    FV_OK(fv_recorder_close(s.recorder));
    tear_down(&s);
}
