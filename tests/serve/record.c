/* What was acknowledged is on the disk, and answers wait for the disk only where that is asked for. */
#include "serve/record.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "core/base/file.h"
#include "predict/sections.h"
#include "serve/answer_json.h"
#include "tests/serve/model.h"
#include "tests/test.h"

typedef struct bench {
    fv_served *served;
    fv_engine *engine;
    fv_record_book *book;
    char folder[4096];
} bench;

/* An ask on its way, and what its record has become. */
typedef struct errand {
    bench *bench;
    fv_waited waited;
    fv_record record;
    _Atomic int done;
} errand;

/* LeNet's file, told to have its pictures kept. */
static const char *asking_for_pictures(const char *path) {
    FV_OWNED(fv_model) model = NULL;
    FV_OK(fv_model_load(path, &model));
    FV_OK(fv_section_write(model, &fv_section_log, &(fv_log_section){ .pictures = 1 }));
    FV_OK(fv_model_save(model, path));
    return path;
}

static void set_up_with(bench *b, bool wait, bool pictures) {
    const fv_served_options options = { .name = "m", .version = 3, .digest = "d1", .features = true };
    const char *path = fv_test_model_file(fv_test_folder(), "m", 5);
    FV_OK(fv_served_open(pictures ? asking_for_pictures(path) : path, &options, &b->served));
    FV_OK(fv_engine_new(NULL, &b->engine));
    FV_OK(fv_engine_prepare(b->engine, b->served));
    snprintf(b->folder, sizeof b->folder, "%s/log", fv_test_folder());
    FV_OK(fv_record_book_new(&(fv_record_options){ .folder = b->folder, .wait = wait }, &b->book));
}

static void set_up(bench *b, bool wait) { set_up_with(b, wait, false); }

static void tear_down(bench *b) {
    fv_engine_free(b->engine);
    fv_served_unref(b->served);
    fv_record_book_free(b->book);
}

static void recorded(fv_record *record) { atomic_store(&((errand *)record->context)->done, 1); }

static void answered(fv_ask *ask) {
    errand *e = ask->context;
    fv_record_answered(e->bench->book, &e->record);
}

static void ask(errand *e, bench *b, const char *id) {
    *e = (errand){ .bench = b };
    fv_waited_init(&e->waited, b->served, 0);
    e->waited.ask.done = answered, e->waited.ask.context = e;
    e->waited.ask.facts.measured = true;
    e->record = (fv_record){ .ask = &e->waited.ask, .id = id, .key = "gate 4", .done = recorded, .context = e };
    FV_OK(fv_engine_ask(b->engine, &e->waited.ask));
    while (!atomic_load(&e->done)) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Records of predictions and labels in the folder, as another process sees them now. */
static void look(const bench *b, int64_t *predictions, int64_t *truths) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    FV_OK(fv_log_reader_open(b->folder, &reader));
    do {
        FV_OK(fv_log_reader_next(reader, &entry));
        if (!entry.prediction) continue;
        assert_string_equal(entry.prediction->model, "m");
        assert_string_equal(entry.prediction->digest, "d1");
        assert_string_equal(entry.prediction->key, "gate 4");
        assert_true(entry.prediction->version == 3 && entry.prediction->sketch_count > 0 && entry.prediction->properties);
        assert_true(entry.prediction->outlier_score > 0.5 && entry.prediction->outlier_threshold == 0.5);
        assert_true(entry.prediction->count == FV_MODEL_CLASSES && entry.prediction->top[0].score > 0);
    } while (entry.prediction || entry.truth);
    fv_log_health health = fv_log_reader_health(reader);
    *predictions = health.predictions, *truths = health.truths;
}

FV_TEST(serve_record__an_answer_that_waits_for_its_record_finds_it_on_the_disk) {
    bench b;
    errand e;
    int64_t predictions, truths;
    set_up(&b, true);
    ask(&e, &b, "one");
    assert_null(e.waited.ask.error);
    look(&b, &predictions, &truths);
    assert_int_equal(predictions, 1);
    fv_record_sent(b.book, &e.record); /* it is there already */
    fv_waited_release(&e.waited);
    tear_down(&b);
    look(&b, &predictions, &truths);
    assert_int_equal(predictions, 1);
}

FV_TEST(serve_record__an_outlier_is_said_and_counted) {
    FV_TEXT(text, 1 << 16);
    bench b;
    errand e;
    fv_served_reading reading;
    set_up(&b, false);
    ask(&e, &b, "one");
    assert_null(e.waited.ask.error);
    fv_answer_write(&e.waited.ask, "one", NULL, 0, NULL, &text);
    assert_non_null(strstr(text.at, "\"outlier\":{\"score\":"));
    assert_non_null(strstr(text.at, ",\"threshold\":0.5,\"outlier\":true}"));
    fv_served_read(b.served, &reading);
    assert_int_equal(reading.outliers, 1);
    fv_waited_release(&e.waited);
    tear_down(&b);
}

static void told(fv_record_slip *slip) { atomic_store((_Atomic int *)slip->context, 1); }

FV_TEST(serve_record__labels_are_acknowledged_on_the_disk_with_all_before_them) {
    bench b;
    errand e;
    int64_t predictions, truths;
    _Atomic int done = 0;
    const char *const label = "bee";
    const fv_logged_truth truth[2] = { { .id = "one", .kind = FV_ONE_CLASS, .count = 1, .labels = &label },
                                       { .id = "two", .kind = FV_ONE_CLASS, .count = 1, .labels = &label } };
    fv_record_slip slip = { .truths = truth, .count = 2, .done = told, .context = &done };
    set_up(&b, false);
    ask(&e, &b, "one");
    fv_record_sent(b.book, &e.record);
    fv_record_book_wait(b.book, &slip);
    while (!atomic_load(&done)) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    assert_null(slip.error);
    look(&b, &predictions, &truths);
    assert_true(predictions == 1 && truths == 2);
    fv_record_reading reading = fv_record_book_read(b.book);
    assert_true(reading.records == 1 && reading.labels == 2 && reading.dropped == 0);
    fv_waited_release(&e.waited);
    tear_down(&b);
}

FV_TEST(serve_record__what_cannot_be_written_down_is_counted_and_answered_all_the_same) {
    bench b;
    errand e;
    set_up(&b, false);
    ask(&e, &b, "an id that is longer than the sixty-four bytes that the log has room for");
    assert_null(e.waited.ask.error);
    fv_record_sent(b.book, &e.record);
    assert_int_equal(fv_record_book_read(b.book).dropped, 1);
    fv_waited_release(&e.waited);
    tear_down(&b);
}

/* The picture of the only record, byte by byte what was asked. */
static void is_kept(const bench *b, const errand *e) {
    FV_OWNED(fv_log_reader) reader = NULL;
    FV_OWNED(fv_memory) bytes = NULL;
    fv_log_entry entry;
    int64_t length;
    FV_OK(fv_log_reader_open(b->folder, &reader));
    FV_OK(fv_log_reader_next(reader, &entry));
    assert_non_null(entry.prediction->picture);
    FV_OK(fv_file_read(entry.prediction->picture, 1 << 20, (uint8_t **)&bytes, &length));
    assert_int_equal(length, e->waited.ask.length);
    assert_memory_equal(bytes, e->waited.ask.bytes, (size_t)length);
}

FV_TEST(serve_record__a_picture_is_kept_where_the_model_asks_for_it_before_an_answer_that_waits) {
    bench b;
    errand e;
    set_up_with(&b, true, true);
    ask(&e, &b, "one");
    assert_null(e.waited.ask.error);
    is_kept(&b, &e);
    fv_waited_release(&e.waited);
    tear_down(&b);
}

FV_TEST(serve_record__a_picture_is_kept_behind_an_answer_that_does_not_wait) {
    bench b;
    errand e;
    set_up_with(&b, false, true);
    ask(&e, &b, "one");
    fv_record_sent(b.book, &e.record);
    fv_record_book_free(fv_take(&b.book));
    is_kept(&b, &e);
    fv_waited_release(&e.waited);
    tear_down(&b);
}
