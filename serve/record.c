/* record.c - see record.h. */
#include "serve/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/log.h"
#include "data/threads.h"
#include "predict/log_desk.h"

struct fv_record_book {
    fv_prediction_log *log;
    bool wait;
    fv_threads thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    fv_record_slip *first, **last; /* that wait, as they came */
    bool ending;
    _Atomic int64_t records, labels, dropped;
};

/* ---- the thread ---- */

static fv_error *add_labels(fv_record_book *book, const fv_record_slip *slip) {
    for (int64_t i = 0; i < slip->count; i++) {
        FV_TRY(fv_prediction_log_feedback(book->log, &slip->truths[i], NULL));
        atomic_fetch_add(&book->labels, 1);
    }
    return NULL;
}

/* One fsync for all of them. A slip is its asker's again once `done` is called. */
static void acknowledge(fv_record_book *book, fv_record_slip *slips) {
    for (fv_record_slip *slip = slips; slip; slip = slip->next) slip->error = add_labels(book, slip);
    fv_error *error = fv_prediction_log_sync(book->log, 0);
    if (error) fv_log_warning("the prediction log: %s", fv_error_message(error));
    for (fv_record_slip *next; slips; slips = next) {
        next = slips->next;
        if (error && !slips->error) slips->error = fv_fail(fv_error_code(error), "%s", fv_error_message(error));
        slips->done(slips);
    }
    fv_error_free(error);
}

static void *work(void *context) {
    fv_record_book *book = context;
    pthread_mutex_lock(&book->mutex);
    while (!book->ending || book->first) {
        fv_record_slip *slips = book->first;
        if (!slips) {
            pthread_cond_wait(&book->wake, &book->mutex);
            continue;
        }
        book->first = NULL, book->last = &book->first;
        pthread_mutex_unlock(&book->mutex);
        acknowledge(book, slips);
        pthread_mutex_lock(&book->mutex);
    }
    pthread_mutex_unlock(&book->mutex);
    return NULL;
}

/* ---- beginning and ending ---- */

fv_error *fv_record_book_new(const char *folder, int64_t bytes, bool wait, fv_record_book **out) {
    const fv_prediction_log_options options = { .bytes = bytes, .never_wait = true };
    fv_record_book *book;
    FV_TRY(fv_memory_new(1, &book));
    book->wait = wait;
    book->last = &book->first;
    pthread_mutex_init(&book->mutex, NULL);
    pthread_cond_init(&book->wake, NULL);
    fv_error *error = fv_prediction_log_open(folder, &options, &book->log);
    if (!error) error = fv_threads_start(&book->thread, 1, "fovea-record", work, book);
    if (error) return fv_record_book_free(book), error;
    *out = book;
    return NULL;
}

void fv_record_book_free(fv_record_book *book) {
    if (!book) return;
    pthread_mutex_lock(&book->mutex);
    book->ending = true;
    pthread_cond_signal(&book->wake);
    pthread_mutex_unlock(&book->mutex);
    fv_threads_join(&book->thread);
    fv_error *error = fv_prediction_log_close(book->log);
    if (error) fv_log_warning("%s", fv_error_message(error));
    fv_error_free(error);
    pthread_cond_destroy(&book->wake);
    pthread_mutex_destroy(&book->mutex);
    fv_memory_free(book);
}

/* ---- use ---- */

void fv_record_book_wait(fv_record_book *book, fv_record_slip *slip) {
    slip->next = NULL;
    slip->error = NULL;
    pthread_mutex_lock(&book->mutex);
    *book->last = slip;
    book->last = &slip->next;
    pthread_cond_signal(&book->wake);
    pthread_mutex_unlock(&book->mutex);
}

static fv_error *add(fv_record_book *book, const fv_record *record) {
    const fv_ask *ask = record->ask;
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    fv_logged_score top[FV_LOG_TOP_MAX];
    float sketch[FV_SKETCH];
    fv_logged logged = { .id = record->id,
                         .model = facts->name,
                         .version = facts->version,
                         .digest = *facts->digest ? facts->digest : NULL,
                         .key = record->key,
                         .source = ask->name && strlen(ask->name) <= FV_LOG_TEXT_MAX ? ask->name : NULL };
    fv_logged_from_prediction(&ask->prediction, facts->kind, top, sketch, &logged);
    fv_error *error = fv_prediction_log_add(book->log, &logged, NULL);
    atomic_fetch_add(error ? &book->dropped : &book->records, 1);
    return error;
}

static void synced(fv_record_slip *slip) {
    fv_record *record = slip->context;
    record->ask->error = slip->error;
    record->done(record);
}

void fv_record_answered(fv_record_book *book, fv_record *record) {
    bool waits = book && book->wait && !record->ask->error;
    if (waits) record->ask->error = add(book, record);
    if (!waits || record->ask->error) return record->done(record);
    record->slip = (fv_record_slip){ .done = synced, .context = record };
    fv_record_book_wait(book, &record->slip);
}

void fv_record_sent(fv_record_book *book, const fv_record *record) {
    if (!book || book->wait || !record->ask->prediction.path) return;
    fv_error_free(add(book, record)); /* it is counted */
}

fv_record_reading fv_record_book_read(fv_record_book *book) {
    return (fv_record_reading){ .records = atomic_load(&book->records),
                                .labels = atomic_load(&book->labels),
                                .dropped = atomic_load(&book->dropped) };
}
