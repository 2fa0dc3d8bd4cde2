/* What is worth a label: the unsure, the far, the different, and nothing twice. */
#include "experiments/queue.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/data/pictures.h"

#define COLUMNS 4

/* Thirty predictions id00, id01, …, pictures 00.png, …: the margin grows with the number; number 7's features lie far off, 20
 * to 24 are one picture's; the file of 3 is gone, and 0 has a label. */
static void write_log(const char *log, const char *pictures) {
    fv_prediction_log *to;
    FV_OK(fv_prediction_log_open(log, NULL, &to));
    for (int i = 0; i < 30; i++) {
        fv_random random = fv_random_at(3, 1, (uint32_t)i, 0);
        float sketch[COLUMNS];
        char id[8], source[4096];
        for (int c = 0; c < COLUMNS; c++) sketch[c] = (float)(fv_random_normal(&random) / 10 + (i == 7 ? 5 : 0));
        snprintf(id, sizeof id, "id%02d", i);
        snprintf(source, sizeof source, "%s/%02d.png", pictures, i >= 20 && i < 25 ? 20 : i);
        if (i != 3) FV_OK(fv_file_write(source, "x", 1, NULL));
        fv_logged_score top = { i % 2 ? "cat" : "dog", 0.9 };
        fv_logged r = { .id = id,
                        .model = "m",
                        .source = source,
                        .kind = FV_ONE_CLASS,
                        .count = 1,
                        .top = &top,
                        .entropy = 0.1,
                        .margin = i / 30.0,
                        .sketch_count = COLUMNS,
                        .sketch = sketch };
        FV_OK(fv_prediction_log_add(to, &r, NULL));
    }
    const char *label = "cat";
    FV_OK(fv_prediction_log_feedback(to, &(fv_logged_truth){ .id = "id00", .kind = FV_ONE_CLASS, .count = 1, .labels = &label },
                                     NULL));
    FV_OK(fv_prediction_log_close(to));
}

/* Of a hundred observations around the origin. */
static void make_profile(fv_arena *arena, fv_drift_profile *out) {
    FV_OWNED(fv_drift_window) w = NULL;
    FV_OK(fv_drift_window_of_predictions(&w));
    for (int i = 0; i < 100; i++) {
        fv_random random = fv_random_at(3, 2, (uint32_t)i, 0);
        double values[FV_SEEN_SERIES] = { 0 };
        float sketch[COLUMNS];
        for (int c = 0; c < COLUMNS; c++) sketch[c] = (float)fv_random_normal(&random) / 10;
        FV_OK(fv_drift_window_add(
            w, &(fv_drift_observation){ .values = values, .right = -1, .columns = COLUMNS, .sketch = sketch }));
    }
    FV_OK(fv_drift_profile_make(w, arena, out));
}

FV_TEST(experiments_queue__the_unsure_the_far_and_the_different_come_first) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *log = fv_test_folder(), *pictures = fv_test_folder();
    fv_drift_profile profile;
    fv_queue queue;
    write_log(log, pictures);
    FV_OK(fv_arena_new("a queue", 1 << 26, &arena));
    make_profile(arena, &profile);
    fv_queue_options how = { .by = FV_QUEUE_UNCERTAIN, .count = 3, .profile = &profile };
    FV_OK(fv_queue_make(log, &how, arena, &queue));
    assert_true(queue.labelled == 1 && queue.gone == 1 && queue.candidates == 24 && queue.count == 3);
    assert_string_equal(queue.at[0].id, "id01");
    assert_string_equal(queue.at[1].id, "id02");
    assert_string_equal(queue.at[2].id, "id04");
    how.by = FV_QUEUE_DRIFTED;
    FV_OK(fv_queue_make(log, &how, arena, &queue));
    assert_string_equal(queue.at[0].id, "id07");
    assert_true(queue.at[0].score > 5 * queue.at[1].score);
    how.by = FV_QUEUE_DIVERSE;
    FV_OK(fv_queue_make(log, &how, arena, &queue));
    assert_string_equal(queue.at[0].id, "id07"); /* the furthest from the labelled one */
    how.by = FV_QUEUE_MIXED, how.count = 100;
    FV_OK(fv_queue_make(log, &how, arena, &queue));
    assert_int_equal(queue.count, 24);
    for (int64_t i = 0; i < queue.count; i++)
        for (int64_t k = 0; k < i; k++) assert_string_not_equal(queue.at[i].id, queue.at[k].id);
}

FV_TEST(experiments_queue__it_is_written_as_links_and_a_list) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *log = fv_test_folder(), *pictures = fv_test_folder(), *out = fv_test_path(fv_test_folder(), "queue");
    fv_queue queue;
    char target[4096] = "";
    uint8_t *csv;
    int64_t length;
    write_log(log, pictures);
    FV_OK(fv_arena_new("a queue", 1 << 26, &arena));
    FV_OK(fv_queue_make(log, &(fv_queue_options){ .by = FV_QUEUE_UNCERTAIN, .count = 2 }, arena, &queue));
    FV_OK(fv_queue_write(&queue, out, false));
    assert_true(readlink(fv_test_path(out, "0001-id01.png"), target, sizeof target - 1) > 0);
    assert_non_null(strstr(target, "/01.png"));
    FV_OK(fv_file_read(fv_test_path(out, "queue.csv"), 1 << 20, &csv, &length));
    assert_true(!strncmp((const char *)csv, "id,label,guess,why,score,file,source\n\"id01\",,\"cat\",uncertain,0.96", 65));
    fv_memory_free(csv);
    FV_FAILS(fv_queue_write(&queue, out, true), FV_CONFLICT, "has something in it");
}

FV_TEST(experiments_queue__what_the_log_does_not_tell_is_refused) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *log = fv_test_folder(), *pictures = fv_test_folder();
    fv_queue queue;
    write_log(log, pictures);
    FV_OK(fv_arena_new("a queue", 1 << 26, &arena));
    FV_FAILS(fv_queue_make(log, &(fv_queue_options){ .by = FV_QUEUE_DRIFTED, .count = 2 }, arena, &queue), FV_USAGE,
             "no reference profile of as many");
}
