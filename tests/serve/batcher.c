/* Who is next is a pure function of what waits and of the time: turns, batches, delays, deadlines. */
#include "serve/batcher.h"

#include <math.h>

#include "core/base/parallel.h"
#include "tests/serve/model.h"
#include "tests/test.h"

#define ASKS 12

typedef struct desk {
    fv_batcher batcher;
    int threads; /* there were before */
    fv_served *served[2];
    fv_lane *lanes[2];
    fv_ask asks[2][ASKS]; /* of pixels, by version */
} desk;

static void set_up(desk *d, double max_delay, int64_t queue) {
    const char *path = fv_test_model_file(fv_test_folder(), "m", 5);
    static const float row[28 * 28];
    *d = (desk){ .batcher = { .max_delay = max_delay, .queue = queue, .workers = 2 }, .threads = fv_parallel_threads() };
    FV_OK(fv_parallel_set_threads(1)); /* so that batches of 4 are planned */
    for (int s = 0; s < 2; s++) {
        FV_OK(fv_served_open(path, &(fv_served_options){ .name = "m", .version = s + 1, .max_batch = 4 }, &d->served[s]));
        d->lanes[s] = fv_served_lane(d->served[s]);
        d->lanes[s]->row_seconds = d->lanes[s]->row_seconds_least = 1;
        for (int i = 0; i < ASKS; i++) d->asks[s][i] = (fv_ask){ .served = d->served[s], .pixels = row };
    }
}

static void tear_down(desk *d) {
    for (int s = 0; s < 2; s++) fv_served_unref(d->served[s]);
    FV_OK(fv_parallel_set_threads(d->threads));
}

/* The asks of a queue leave; how many there were. */
static int64_t leave_all(desk *d, fv_ask_queue *queue) {
    int64_t count = 0;
    for (fv_ask *ask; (ask = fv_ask_queue_take(queue)); count++) fv_batcher_leave(&d->batcher, ask);
    return count;
}

/* Runs what is due at `now`: how many, and (0 or 1) whose. */
static int64_t next(desk *d, double now, int *whose, double *due) {
    fv_ask_queue batch = { 0 }, late = { 0 };
    double when;
    int64_t count = fv_batcher_next_batch(&d->batcher, now, &batch, &late, due ? due : &when);
    assert_int_equal(batch.count, count);
    assert_int_equal(late.count, 0);
    if (count) *whose = batch.first->served == d->served[1];
    assert_int_equal(leave_all(d, &batch), count);
    return count;
}

FV_TEST(serve_batcher__a_batch_is_the_largest_planned_one_that_is_full) {
    desk d;
    int whose;
    const int64_t sizes[] = { 4, 2, 1 };
    set_up(&d, 0, 100);
    for (int i = 0; i < 7; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 0));
    assert_true(d.batcher.backlog == 7);
    for (int i = 0; i < 3; i++) assert_int_equal(next(&d, 0, &whose, NULL), sizes[i]);
    assert_int_equal(next(&d, 0, &whose, NULL), 0);
    assert_true(d.batcher.pending == 0 && d.batcher.backlog == 0);
    tear_down(&d);
}

FV_TEST(serve_batcher__whoever_could_run_takes_a_share_of_what_waits) {
    desk d;
    int whose;
    set_up(&d, 0, 100);
    for (int i = 0; i < 5; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 0));
    d.batcher.idle = 3;
    assert_int_equal(next(&d, 0, &whose, NULL), 2);
    d.batcher.idle = 2;
    assert_int_equal(next(&d, 0, &whose, NULL), 2);
    d.batcher.idle = 1;
    assert_int_equal(next(&d, 0, &whose, NULL), 1);
    tear_down(&d);
}

FV_TEST(serve_batcher__who_can_decode_does_until_its_share_is_full) {
    desk d;
    int whose;
    set_up(&d, 0, 100);
    for (int i = 0; i < 4; i++) {
        if (i) d.asks[0][i].pixels = NULL, d.asks[0][i].bytes = "a file";
        FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 0));
    }
    d.batcher.idle = 2, d.batcher.gather = true;
    assert_int_equal(next(&d, 0, &whose, NULL), 0); /* one row of four asks, and two could run */
    fv_ask_queue late = { 0 };
    fv_ask *file = fv_batcher_next_file(&d.batcher, 0, &late);
    fv_batcher_put_row(&d.batcher, file, 0);
    assert_int_equal(next(&d, 0, &whose, NULL), 2);
    d.batcher.idle = 1;
    file = fv_batcher_next_file(&d.batcher, 0, &late);
    fv_batcher_put_row(&d.batcher, file, 0);
    assert_int_equal(next(&d, 0, &whose, NULL), 0);
    d.batcher.gather = false; /* it has no row to decode into */
    assert_int_equal(next(&d, 0, &whose, NULL), 1);
    assert_ptr_equal(file = fv_batcher_next_file(&d.batcher, 0, &late), &d.asks[0][3]);
    fv_batcher_leave(&d.batcher, file);
    assert_int_equal(late.count, 0);
    tear_down(&d);
}

FV_TEST(serve_batcher__versions_take_turns) {
    desk d;
    int whose;
    set_up(&d, 0, 100);
    for (int i = 0; i < 12; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 0));
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[1][0], 0));
    assert_int_equal(next(&d, 0, &whose, NULL), 4);
    assert_int_equal(whose, 0);
    assert_int_equal(next(&d, 0, &whose, NULL), 1); /* who asked once waits for one batch, not for three */
    assert_int_equal(whose, 1);
    assert_int_equal(next(&d, 0, &whose, NULL), 4);
    assert_int_equal(next(&d, 0, &whose, NULL), 4);
    assert_int_equal(next(&d, 0, &whose, NULL), 0);
    tear_down(&d);
}

FV_TEST(serve_batcher__files_are_decoded_in_turns_and_in_order) {
    desk d;
    fv_ask_queue late = { 0 };
    set_up(&d, 0, 100);
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < 3 - 2 * s; i++) {
            d.asks[s][i].pixels = NULL, d.asks[s][i].bytes = "";
            FV_OK(fv_batcher_admit(&d.batcher, &d.asks[s][i], 0));
        }
    const fv_ask *const order[] = { &d.asks[0][0], &d.asks[1][0], &d.asks[0][1], &d.asks[0][2] };
    for (int i = 0; i < 4; i++) {
        fv_ask *ask = fv_batcher_next_file(&d.batcher, 0, &late);
        assert_ptr_equal(ask, order[i]);
        fv_batcher_leave(&d.batcher, ask);
    }
    assert_null(fv_batcher_next_file(&d.batcher, 0, &late));
    tear_down(&d);
}

FV_TEST(serve_batcher__a_delay_waits_for_company_but_not_for_ever) {
    desk d;
    int whose;
    double due;
    set_up(&d, 0.5, 100);
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][0], 10));
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][1], 10.2));
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][2], 10.3));
    assert_int_equal(next(&d, 10.3, &whose, &due), 0);
    assert_true(due == 10.5);
    assert_int_equal(next(&d, 10.5, &whose, &due), 2); /* the oldest two; the third came at 10.3 */
    assert_int_equal(next(&d, 10.5, &whose, &due), 0);
    assert_true(due == 10.8);
    for (int i = 3; i < 6; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 10.6));
    assert_int_equal(next(&d, 10.6, &whose, &due), 4); /* full: nothing to wait for */
    assert_int_equal(next(&d, 10.6, &whose, &due), 0);
    assert_true(isinf(due));
    tear_down(&d);
}

FV_TEST(serve_batcher__a_deadline_cuts_the_delay_short) {
    desk d;
    int whose;
    double due;
    set_up(&d, 60, 100);
    d.asks[0][0].deadline = 15;
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][0], 10));
    assert_int_equal(next(&d, 10, &whose, &due), 0);
    assert_true(due == 13); /* twice what a row takes before */
    assert_int_equal(next(&d, 13, &whose, &due), 1);
    tear_down(&d);
}

FV_TEST(serve_batcher__what_lies_ahead_decides_whether_there_is_time) {
    desk d;
    set_up(&d, 0, 100);
    d.asks[0][0].deadline = 10.5;
    FV_FAILS(fv_batcher_admit(&d.batcher, &d.asks[0][0], 10), FV_CANCELLED, "cannot be answered"); /* a row takes 1 s */
    for (int i = 1; i < 6; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 10));
    d.asks[1][0].deadline = 15.5; /* five rows and its own */
    FV_FAILS(fv_batcher_admit(&d.batcher, &d.asks[1][0], 10), FV_CANCELLED, "the 5 before it");
    assert_true(d.asks[1][0].retry_after == 5);
    d.asks[1][0].deadline = 16.5;
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[1][0], 10));
    fv_ask_queue batch = { 0 }, late = { 0 };
    double due;
    assert_int_equal(fv_batcher_next_batch(&d.batcher, 16, &batch, &late, &due), 4);
    assert_int_equal(leave_all(&d, &batch), 4);
    assert_int_equal(fv_batcher_next_batch(&d.batcher, 16, &batch, &late, &due), 1);
    assert_int_equal(leave_all(&d, &batch), 1);
    assert_int_equal(leave_all(&d, &late), 1); /* at 16 there is no second left until 16.5 */
    assert_int_equal(d.batcher.pending, 0);
    tear_down(&d);
}

FV_TEST(serve_batcher__a_queue_is_bounded_for_each_version) {
    desk d;
    set_up(&d, 0, 3);
    for (int i = 0; i < 3; i++) FV_OK(fv_batcher_admit(&d.batcher, &d.asks[0][i], 0));
    FV_FAILS(fv_batcher_admit(&d.batcher, &d.asks[0][3], 0), FV_BUSY, "3 pictures wait");
    assert_true(d.asks[0][3].retry_after == 3);
    FV_OK(fv_batcher_admit(&d.batcher, &d.asks[1][0], 0)); /* another's queue is another's */
    int whose;
    while (next(&d, 0, &whose, NULL)) continue;
    tear_down(&d);
}
