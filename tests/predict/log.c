/* The prediction log: what went in comes out, whatever the file looked like at its end. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "predict/log_record.h"
#include "predict/log_truths.h"
#include "tests/data/pictures.h"

static const fv_logged_score top[2] = { { "cat", 0.75 }, { "dog, \"big\"", 0.25 } };

static fv_logged record(const char *id, int64_t time_us) {
    static const float sketch[3] = { 1, -2.5f, 3 };
    static const fv_image_properties properties = { .at = { 1, 64, 0.5f } };
    return (fv_logged){ .id = id,
                        .time_us = time_us,
                        .model = "cells",
                        .version = 3,
                        .key = "site A",
                        .source = "a.png",
                        .count = 2,
                        .top = top,
                        .entropy = 0.5,
                        .margin = 0.25,
                        .properties = &properties,
                        .sketch_count = 3,
                        .sketch = sketch,
                        .outlier_score = 1.5,
                        .outlier_threshold = 1.25 };
}

static fv_prediction_log *open_log(const char *folder, int64_t files, int64_t bytes) {
    fv_prediction_log *log;
    FV_OK(fv_prediction_log_open(folder, &(fv_prediction_log_options){ .files = files, .bytes = bytes }, &log));
    return log;
}

/* Writes predictions number from…to−1. */
static void write_some(const char *folder, int from, int to) {
    fv_prediction_log *log = open_log(folder, 0, 0);
    for (int i = from; i < to; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%d", i);
        fv_logged r = record(id, 1000000 + i);
        FV_OK(fv_prediction_log_add(log, &r, NULL));
    }
    FV_OK(fv_prediction_log_close(log));
}

static fv_log_health read_all(const char *folder) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    int64_t last = 0;
    FV_OK(fv_log_reader_open(folder, &reader));
    do {
        FV_OK(fv_log_reader_next(reader, &entry));
        if (!entry.prediction) continue;
        assert_true(entry.prediction->time_us > last);
        last = entry.prediction->time_us;
    } while (entry.prediction || entry.truth);
    return fv_log_reader_health(reader);
}

FV_TEST(predict_log__a_record_comes_back_as_it_went_in) {
    FV_OWNED(fv_log_reader) reader = NULL;
    const char *folder = fv_test_folder();
    fv_log_entry entry;
    write_some(folder, 0, 1);
    FV_OK(fv_log_reader_open(folder, &reader));
    FV_OK(fv_log_reader_next(reader, &entry));
    const fv_logged *r = entry.prediction;
    assert_non_null(r);
    assert_string_equal(r->id, "p0");
    assert_string_equal(r->model, "cells");
    assert_string_equal(r->key, "site A");
    assert_string_equal(r->source, "a.png");
    assert_null(r->digest);
    assert_int_equal(r->version, 3);
    assert_int_equal(r->time_us, 1000000);
    assert_int_equal(r->count, 2);
    assert_string_equal(r->top[1].label, "dog, \"big\"");
    assert_true(r->top[0].score == 0.75 && r->entropy == 0.5 && r->margin == 0.25);
    assert_true(r->properties->at[FV_AREA] == 64);
    assert_int_equal(r->sketch_count, 3);
    assert_true(r->sketch[1] == -2.5f);
    assert_true(r->outlier_score == 1.5 && r->outlier_threshold == 1.25);
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_true(!entry.prediction && !entry.truth);
}

#define PICTURE "00000002/0123456789abcdef0123456789abcdef.png"

FV_TEST(predict_log__a_picture_kept_with_it_is_told_by_its_path) {
    FV_OWNED(fv_log_reader) reader = NULL;
    const char *folder = fv_test_folder();
    fv_prediction_log *log = open_log(folder, 0, 0);
    fv_logged r = record("p0", 1);
    fv_log_entry entry;
    r.picture = PICTURE;
    FV_OK(fv_prediction_log_add(log, &r, NULL));
    r.id = "p1", r.picture = "../" PICTURE; /* which no server writes: such a record is none */
    FV_OK(fv_prediction_log_add(log, &r, NULL));
    FV_OK(fv_prediction_log_close(log));
    FV_OK(fv_log_reader_open(folder, &reader));
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_string_equal(entry.prediction->picture, fv_test_path(folder, "pictures/" PICTURE));
    assert_string_equal(fv_logged_picture(entry.prediction), entry.prediction->picture);
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_true(!entry.prediction && fv_log_reader_health(reader).damaged > 0);
    r = record("p2", 1);
    assert_string_equal(fv_logged_picture(&r), "a.png");
}

FV_TEST(predict_log__a_torn_tail_is_cut_off_at_any_byte) {
    const char *folder = fv_test_folder(), *path = fv_test_path(folder, "predictions-00000001.fvlog");
    struct stat one, two;
    write_some(folder, 0, 1);
    assert_int_equal(stat(path, &one), 0);
    write_some(folder, 1, 2);
    assert_int_equal(stat(path, &two), 0);
    for (off_t end = two.st_size - 1; end > one.st_size; end -= 3) {
        assert_int_equal(truncate(path, end), 0);
        fv_log_health health = read_all(folder);
        assert_int_equal(health.predictions, 1);
        assert_int_equal(health.torn, end - one.st_size);
        write_some(folder, 1, 2);
        health = read_all(folder);
        assert_int_equal(health.predictions, 2);
        assert_int_equal(health.torn + health.damaged, 0);
    }
}

FV_TEST(predict_log__damage_in_the_middle_costs_no_other_record) {
    const char *folder = fv_test_folder(), *path = fv_test_path(folder, "predictions-00000001.fvlog");
    struct stat status;
    write_some(folder, 0, 3);
    assert_int_equal(stat(path, &status), 0);
    off_t frame = (status.st_size - FV_LOG_HEAD_BYTES) / 3;
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    fseek(file, FV_LOG_HEAD_BYTES + frame + frame / 2, SEEK_SET);
    fputc('!', file);
    fclose(file);
    fv_log_health health = read_all(folder);
    assert_int_equal(health.predictions, 2);
    assert_int_equal(health.damaged, frame);
    write_some(folder, 3, 4); /* and the writer keeps what stands behind it */
    assert_int_equal(read_all(folder).predictions, 3);
}

/* As it was written before there were outlier scores. */
FV_TEST(predict_log__a_file_of_version_1_is_read_and_not_gone_on_with) {
    FV_OWNED(fv_log_reader) reader = NULL;
    const char *folder = fv_test_folder();
    uint8_t frame[FV_LOG_FRAME_MAX];
    int64_t length;
    fv_log_entry entry;
    fv_logged r = record("p0", 1000000);
    r.outlier_threshold = 0;
    FV_OK(fv_log_encode(&r, frame, &length));
    FILE *file = fopen(fv_test_path(folder, "predictions-00000001.fvlog"), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(FV_LOG_HEAD_1, 1, FV_LOG_HEAD_BYTES, file) + fwrite(frame, 1, (size_t)length, file),
                     FV_LOG_HEAD_BYTES + length);
    fclose(file);
    write_some(folder, 1, 2);
    fv_log_health health = read_all(folder);
    assert_true(health.files == 2 && health.predictions == 2 && health.damaged + health.torn == 0);
    FV_OK(fv_log_reader_open(folder, &reader));
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_true(isnan(entry.prediction->outlier_score) && isnan(entry.prediction->outlier_threshold));
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_true(entry.prediction->outlier_score == 1.5);
}

FV_TEST(predict_log__a_folder_stays_within_its_caps) {
    const char *folder = fv_test_folder();
    fv_prediction_log *log = open_log(folder, 2, 2 << 20);
    for (int i = 0; i < 20000; i++) {
        fv_logged r = record(NULL, 1 + i);
        FV_OK(fv_prediction_log_add(log, &r, NULL));
    }
    FV_OK(fv_prediction_log_close(log));
    FV_OWNED(fv_arena) arena = NULL;
    int64_t *numbers, count, bytes = 0;
    FV_OK(fv_arena_new("files", 1 << 20, &arena));
    FV_OK(fv_log_list_files(folder, arena, &numbers, &count));
    assert_int_equal(count, 2);
    assert_true(numbers[0] > 1);
    for (int64_t i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/" FV_LOG_FILE_NAME, folder, (long long)numbers[i]);
        assert_int_equal(stat(path, &status), 0);
        bytes += status.st_size;
    }
    assert_true(bytes <= 2 << 20);
    fv_log_health health = read_all(folder); /* the newest, in order */
    assert_true(health.predictions > 4000 && health.damaged + health.torn == 0);
}

FV_TEST(predict_log__one_process_writes_at_a_time) {
    const char *folder = fv_test_folder();
    fv_prediction_log *log = open_log(folder, 0, 0), *second;
    FV_FAILS(fv_prediction_log_open(folder, NULL, &second), FV_BUSY, NULL);
    FV_OK(fv_prediction_log_close(log));
    FV_OK(fv_prediction_log_open(folder, NULL, &second));
    FV_OK(fv_prediction_log_close(second));
}

/* ---- many threads ---- */

static void *add_many(void *context) {
    fv_prediction_log *log = context;
    for (int i = 0; i < 200; i++) {
        fv_logged r = record(NULL, 5);
        int64_t ticket;
        FV_OK(fv_prediction_log_add(log, &r, &ticket));
        if (i % 20 == 0) FV_OK(fv_prediction_log_sync(log, ticket));
    }
    return NULL;
}

FV_TEST(predict_log__threads_share_one_writer) {
    const char *folder = fv_test_folder();
    fv_prediction_log *log = open_log(folder, 0, 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_many, log), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    FV_OK(fv_prediction_log_sync(log, 0));
    FV_OK(fv_log_reader_open(folder, &reader)); /* while it is open for writing */
    do FV_OK(fv_log_reader_next(reader, &entry));
    while (entry.prediction);
    assert_int_equal(fv_log_reader_health(reader).predictions, 800);
    FV_OK(fv_prediction_log_close(log));
}

FV_TEST(predict_log__what_makes_no_sense_is_refused) {
    fv_prediction_log *log = open_log(fv_test_folder(), 0, 0);
    const fv_logged_score bad[1] = { { "cat", 1.5 } };
    fv_logged r = record("", 1);
    FV_FAILS(fv_prediction_log_add(log, &r, NULL), FV_USAGE, "id");
    r = record("a", 1), r.top = bad, r.count = 1;
    FV_FAILS(fv_prediction_log_add(log, &r, NULL), FV_USAGE, "outside 0…1");
    r = record("a", 1), r.model = NULL;
    FV_FAILS(fv_prediction_log_add(log, &r, NULL), FV_USAGE, "no model");
    r = record("a", 1), r.kind = FV_NUMBERS, r.number = NAN;
    FV_FAILS(fv_prediction_log_add(log, &r, NULL), FV_USAGE, "not finite");
    FV_FAILS(fv_prediction_log_feedback(log, &(fv_logged_truth){ .id = "a" }, NULL), FV_USAGE, "0 labels");
    FV_OK(fv_prediction_log_close(log));
}

/* ---- what is told later ---- */

static void tell(const char *folder, const char *id, const char *label) {
    fv_prediction_log *log = open_log(folder, 0, 0);
    FV_OK(fv_prediction_log_feedback(
        log, &(fv_logged_truth){ .id = id, .time_us = 9, .by = "Ann", .count = 1, .labels = &label }, NULL));
    FV_OK(fv_prediction_log_close(log));
}

FV_TEST(predict_log__the_last_that_was_told_holds) {
    FV_OWNED(fv_log_truths) truths = NULL;
    const char *folder = fv_test_folder();
    write_some(folder, 0, 3);
    tell(folder, "p1", "dog");
    tell(folder, "p1", "cat");
    FV_OK(fv_log_truths_read(folder, &truths));
    assert_null(fv_log_truths_find(truths, "p0"));
    const fv_logged_truth *t = fv_log_truths_find(truths, "p1");
    assert_non_null(t);
    assert_string_equal(t->labels[0], "cat");
    assert_string_equal(t->by, "Ann");
    fv_logged r = record("p1", 1);
    assert_true(fv_logged_is_right(&r, t));
}

FV_TEST(predict_log__lines_and_cells_say_what_it_holds) {
    const char *folder = fv_test_folder(), *out = fv_test_path(folder, "log.jsonl"), *csv = fv_test_path(folder, "log.csv");
    uint8_t *bytes;
    int64_t length;
    write_some(folder, 0, 1);
    tell(folder, "p0", "dog, \"big\"");
    FV_OK(fv_prediction_log_export(folder, out, NULL));
    FV_OK(fv_file_read(out, 1 << 20, &bytes, &length));
    assert_string_equal(
        (char *)bytes, "{\"id\":\"p0\",\"time\":\"1970-01-01T00:00:01.000000Z\",\"model\":\"cells\",\"version\":3,"
                       "\"key\":\"site A\",\"source\":\"a.png\",\"label\":\"cat\",\"score\":0.75,\"top\":[{\"label\":\"cat\","
                       "\"score\":0.75},{\"label\":\"dog, \\\"big\\\"\",\"score\":0.25}],\"entropy\":0.5,\"margin\":0.25,"
                       "\"properties\":{\"aspect_ratio\":1,\"area\":64,\"brightness\":0.5,\"contrast\":0,\"red\":0,\"green\":0,"
                       "\"blue\":0,\"saturation\":0,\"sharpness\":0,\"noise\":0,\"entropy\":0},\"sketch\":[1,-2.5,3],"
                       "\"outlier\":{\"score\":1.5,\"threshold\":1.25,\"outlier\":true},"
                       "\"truth\":\"dog, \\\"big\\\"\",\"told\":\"1970-01-01T00:00:00.000009Z\",\"by\":\"Ann\"}\n");
    fv_memory_free(bytes);
    FV_OK(fv_prediction_log_export(folder, csv, NULL));
    FV_OK(fv_file_read(csv, 1 << 20, &bytes, &length));
    assert_string_equal((char *)bytes,
                        "id,time,model,version,digest,key,source,label,score,entropy,margin,abstained,truth,told,by,"
                        "aspect_ratio,area,brightness,contrast,red,green,blue,saturation,sharpness,noise,entropy,"
                        "outlier_score,outlier,picture\n"
                        "p0,1970-01-01T00:00:01.000000Z,cells,3,,site A,a.png,cat,0.75,0.5,0.25,false,"
                        "\"dog, \"\"big\"\"\",1970-01-01T00:00:00.000009Z,Ann,1,64,0.5,0,0,0,0,0,0,0,0,1.5,true,\n");
    fv_memory_free(bytes);
    FV_FAILS(fv_prediction_log_export(folder, "log.txt", NULL), FV_USAGE, "neither .jsonl nor .csv");
}

FV_TEST(predict_log__a_sketch_keeps_distances) {
    float a[512], b[512], sketch[2][FV_SKETCH];
    double whole = 0, kept = 0;
    for (int i = 0; i < 512; i++) {
        a[i] = (float)sin(i * 0.7), b[i] = (float)cos(i * 1.3);
        whole += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
    }
    assert_int_equal(fv_sketch_features(a, 512, sketch[0]), FV_SKETCH);
    assert_int_equal(fv_sketch_features(b, 512, sketch[1]), FV_SKETCH);
    for (int k = 0; k < FV_SKETCH; k++) kept += pow((double)(sketch[0][k] - sketch[1][k]), 2);
    assert_true(fabs(kept / FV_SKETCH / (whole / 512) - 1) < 0.5);
    assert_int_equal(fv_sketch_features(a, 10, sketch[0]), 10);
    assert_true(sketch[0][9] == a[9]);
}
