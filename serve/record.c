/* record.c - see record.h. */
#include "serve/record.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "predict/log_desk.h"

#define HELD_BYTES_MAX (INT64_C(64) << 20) /* of copied pictures that wait for the disk */

struct fv_record_book {
    fv_prediction_log *log;
    fv_log_pictures *pictures;
    fv_drift_watch *watch; /* NULL: nobody's */
    bool wait;
    fv_threads thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    fv_record_slip *first, **last; /* that wait, as they came */
    bool ending;
    _Atomic int64_t records, labels, dropped, pictures_kept, pictures_dropped;
    _Atomic int64_t held; /* bytes of copied pictures */
};

/* ---- the thread ---- */

static fv_error *add_labels(fv_record_book *book, const fv_record_slip *slip) {
    for (int64_t i = 0; i < slip->count; i++) {
        FV_TRY(fv_prediction_log_feedback(book->log, &slip->truths[i], NULL));
        atomic_fetch_add(&book->labels, 1);
    }
    return NULL;
}

static fv_error *write_picture(fv_record_book *book, const fv_record_picture *picture) {
    if (!*picture->name) return NULL;
    fv_error *error = fv_log_pictures_write(book->pictures, picture->name, picture->bytes, picture->length);
    atomic_fetch_add(error ? &book->pictures_dropped : &book->pictures_kept, 1);
    return error;
}

/* One fsync for all of them, but for pictures. A slip is its asker's again once `done` is called. */
static void acknowledge(fv_record_book *book, fv_record_slip *slips) {
    bool hurried = false;
    for (fv_record_slip *slip = slips; slip; slip = slip->next) {
        slip->error = add_labels(book, slip);
        if (!slip->error) slip->error = write_picture(book, &slip->picture);
        hurried |= !slip->unhurried;
    }
    fv_error *error = hurried ? fv_prediction_log_sync(book->log, 0) : NULL;
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

fv_error *fv_record_book_new(const fv_record_options *o, fv_record_book **out) {
    const fv_prediction_log_options options = { .bytes = o->bytes, .never_wait = true };
    fv_record_book *book;
    FV_TRY(fv_memory_new(1, &book));
    book->wait = o->wait;
    book->last = &book->first;
    pthread_mutex_init(&book->mutex, NULL);
    pthread_cond_init(&book->wake, NULL);
    fv_error *error = fv_prediction_log_open(o->folder, &options, &book->log);
    if (!error) error = fv_log_pictures_open(o->folder, o->picture_bytes, &book->pictures);
    if (!error) error = fv_threads_start(&book->thread, 1, "fovea-record", work, book);
    if (error) return fv_record_book_free(book), error;
    *out = book;
    return NULL;
}

void fv_record_book_watch(fv_record_book *book, fv_drift_watch *watch) { book->watch = watch; }

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
    fv_log_pictures_free(book->pictures);
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

/* With the picture's name, "": it is not kept. */
static fv_error *add(fv_record_book *book, const fv_record *record, const char *picture) {
    const fv_ask *ask = record->ask;
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    fv_logged_score top[FV_LOG_TOP_MAX];
    float sketch[FV_SKETCH];
    fv_logged logged = { .id = record->id,
                         .model = facts->name,
                         .version = facts->version,
                         .digest = *facts->digest ? facts->digest : NULL,
                         .key = record->key,
                         .source = ask->name && strlen(ask->name) <= FV_LOG_TEXT_MAX ? ask->name : NULL,
                         .picture = *picture ? picture : NULL };
    fv_logged_from_prediction(&ask->prediction, facts->kind, top, sketch, &logged);
    fv_error *error = fv_prediction_log_add(book->log, &logged, NULL);
    atomic_fetch_add(error ? &book->dropped : &book->records, 1);
    if (!error && book->watch) fv_drift_watch_add(book->watch, facts, &logged);
    return error;
}

/* Of what was asked; its name "": it is not kept. */
static fv_record_picture picture_of(fv_record_book *book, const fv_ask *ask) {
    fv_record_picture picture = { .bytes = ask->bytes, .length = ask->bytes ? ask->length : 0 };
    double share = fv_served_facts_get(ask->served)->log_pictures;
    if (!fv_log_pictures_name(book->pictures, picture.bytes, picture.length, share, picture.name)) *picture.name = 0;
    return picture;
}

static void synced(fv_record_slip *slip) {
    fv_record *record = slip->context;
    record->ask->error = slip->error;
    record->done(record);
}

void fv_record_answered(fv_record_book *book, fv_record *record) {
    bool waits = book && book->wait && !record->ask->error;
    if (waits) {
        record->slip = (fv_record_slip){ .done = synced, .context = record, .picture = picture_of(book, record->ask) };
        record->ask->error = add(book, record, record->slip.picture.name);
    }
    if (!waits || record->ask->error) return record->done(record);
    fv_record_book_wait(book, &record->slip);
}

/* A picture whose request is over. */
typedef struct copied {
    fv_record_slip slip;
    fv_record_book *book;
    uint8_t bytes[];
} copied;

static void written(fv_record_slip *slip) {
    copied *c = slip->context;
    if (slip->error) fv_log_warning("a picture of the prediction log: %s", fv_error_message(slip->error));
    fv_error_free(slip->error);
    atomic_fetch_sub(&c->book->held, slip->picture.length);
    fv_memory_free(c);
}

/* NULL: there is no room for it. */
static copied *copy_picture(fv_record_book *book, const fv_record_picture *picture) {
    void *memory = NULL;
    bool fits = atomic_fetch_add(&book->held, picture->length) + picture->length <= HELD_BYTES_MAX;
    fv_error *error = fits ? fv_memory_alloc((int64_t)sizeof(copied) + picture->length, 1, &memory) : NULL;
    if (!memory) {
        fv_error_free(error);
        atomic_fetch_sub(&book->held, picture->length);
        atomic_fetch_add(&book->pictures_dropped, 1);
        return NULL;
    }
    copied *c = memory;
    c->book = book;
    c->slip = (fv_record_slip){ .done = written, .context = c, .unhurried = true, .picture = *picture };
    memcpy(c->bytes, picture->bytes, (size_t)picture->length);
    c->slip.picture.bytes = c->bytes;
    return c;
}

void fv_record_sent(fv_record_book *book, const fv_record *record) {
    if (!book || book->wait || !record->ask->prediction.path) return;
    fv_record_picture picture = picture_of(book, record->ask);
    copied *copy = *picture.name ? copy_picture(book, &picture) : NULL;
    fv_error_free(add(book, record, copy ? picture.name : "")); /* it is counted */
    if (copy) fv_record_book_wait(book, &copy->slip);
}

fv_record_reading fv_record_book_read(fv_record_book *book) {
    return (fv_record_reading){ .records = atomic_load(&book->records),
                                .labels = atomic_load(&book->labels),
                                .pictures = atomic_load(&book->pictures_kept),
                                .dropped = atomic_load(&book->dropped),
                                .pictures_dropped = atomic_load(&book->pictures_dropped) };
}
