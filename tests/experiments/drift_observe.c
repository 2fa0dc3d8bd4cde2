/* The log as windows: by count, by time, by key, and what is not full. */
#include "experiments/drift_observe.h"

#include <math.h>
#include <stdio.h>

#include "tests/test.h"

#define HOUR INT64_C(3600000000)

/* Predictions at 0:10, 0:50, 1:30, 3:20 and 3:40 o'clock, some day; the last two by key "b". */
static void write_log(const char *folder) {
    static const int minutes[] = { 10, 50, 90, 200, 220 };
    fv_prediction_log *log;
    fv_logged_score top = { "cat", 0.9 };
    FV_OK(fv_prediction_log_open(folder, NULL, &log));
    for (int i = 0; i < 5; i++) {
        fv_logged r = { .time_us = 1000 * 24 * HOUR + minutes[i] * HOUR / 60,
                        .model = "m",
                        .kind = FV_ONE_CLASS,
                        .count = 1,
                        .top = &top,
                        .entropy = 0.1,
                        .margin = 0.8,
                        .key = i < 3 ? "a" : "b" };
        FV_OK(fv_prediction_log_add(log, &r, NULL));
    }
    FV_OK(fv_prediction_log_close(log));
}

typedef struct seen {
    int count;
    int64_t n[8];
    const char *key; /* of the last observation */
} seen;

static fv_error *see(void *context, const fv_drift_window *window) {
    seen *s = context;
    s->n[s->count++] = window->n;
    if (window->n) s->key = window->keys[window->n - 1][0] == 'a' ? "a" : "b";
    return NULL;
}

static seen cut(const char *folder, fv_log_choice choice, fv_log_cut how) {
    seen s = { 0 };
    FV_OK(fv_drift_observe_log(folder, &choice, &how, see, &s));
    return s;
}

FV_TEST(experiments_drift_observe__windows_are_cut_by_count_or_by_time) {
    const char *folder = fv_test_folder();
    write_log(folder);
    seen all = cut(folder, (fv_log_choice){ 0 }, (fv_log_cut){ 0 });
    assert_true(all.count == 1 && all.n[0] == 5);
    assert_string_equal(all.key, "b");
    seen pairs = cut(folder, (fv_log_choice){ 0 }, (fv_log_cut){ .size = 2 });
    assert_true(pairs.count == 2 && pairs.n[0] == 2 && pairs.n[1] == 2); /* the fifth waits for a sixth */
    seen hours = cut(folder, (fv_log_choice){ 0 }, (fv_log_cut){ .span_us = HOUR, .now_us = 1000 * 24 * HOUR + 3 * HOUR });
    assert_true(hours.count == 2 && hours.n[0] == 2 && hours.n[1] == 1); /* it is not four yet */
    seen later = cut(folder, (fv_log_choice){ 0 }, (fv_log_cut){ .span_us = HOUR, .now_us = 1000 * 24 * HOUR + 4 * HOUR });
    assert_true(later.count == 3 && later.n[2] == 2);
    seen of_b = cut(folder, (fv_log_choice){ .key = "b" }, (fv_log_cut){ .size = 10 });
    assert_true(of_b.count == 1 && of_b.n[0] == 2);
}
