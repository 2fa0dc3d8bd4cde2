/* record.h - the server's prediction log: a record of each answer goes into it behind the answer, and what is told later of
 * answers with it. Nobody waits for the disk but who asked to: a thread of its own adds labels, syncs, and then says so to all
 * who wait, with one fsync.
 *
 * What was acknowledged is never lost: labels are answered once they are on the disk. So are predictions where `wait` says so;
 * else a record is on the disk a second after its answer at the latest, and where the disk does not keep up records are dropped
 * and counted rather than answers delayed.
 *
 * The picture itself is kept where the model says so (fv_served_facts.log_pictures), and a record names one that was: with
 * `wait` it is on the disk before the answer, else it is copied behind the answer, and dropped, counted, where too many wait.
 * Any thread. */
#ifndef FV_SERVE_RECORD_H
#define FV_SERVE_RECORD_H

#include "fovea/prediction_log.h"
#include "predict/log_pictures.h"
#include "serve/drift_watch.h"
#include "serve/engine.h"

typedef struct fv_record_book fv_record_book;

typedef struct fv_record_options {
    const char *folder;
    int64_t bytes;         /* 0: as in fv_prediction_log_options */
    int64_t picture_bytes; /* 0: FV_LOG_PICTURE_BYTES */
    bool wait;
} fv_record_options;

/* FV_BUSY: another process writes to that folder. */
FV_MUST_USE fv_error *fv_record_book_new(const fv_record_options *options, fv_record_book **out);
/* From now on each record that is taken is shown to `watch` too, which outlives the book. Before the first one. */
void fv_record_book_watch(fv_record_book *book, fv_drift_watch *watch);
void fv_record_book_free(fv_record_book *book); /* what it holds is on the disk; nobody waits. NULL is allowed */

/* A picture that is kept with the log. */
typedef struct fv_record_picture {
    char name[FV_LOG_PICTURE_NAME]; /* "": it is not */
    const void *bytes;
    int64_t length;
} fv_record_picture;

/* Waited for: its labels, its picture, and all that was added before, are on the disk. The asker's until `done`, which the
 * book's thread calls once, and which must not wait. */
typedef struct fv_record_slip {
    const fv_logged_truth *truths;
    int64_t count;
    fv_record_picture picture;
    bool unhurried; /* the picture alone: all else may come later */
    void (*done)(struct fv_record_slip *slip);
    void *context;
    fv_error *error; /* FV_IO: it could not be written down now; the asker's to free */
    struct fv_record_slip *next;
} fv_record_slip;
void fv_record_book_wait(fv_record_book *book, fv_record_slip *slip);

/* What an ask is called in the log, and whom its answer waits for. */
#define FV_RECORD_ID_MAX 64 /* bytes */
typedef struct fv_record {
    fv_ask *ask;          /* whose `name` is the record's source */
    const char *id, *key; /* the answer's id; the caller's own word for where it comes from, NULL: none */
    void (*done)(struct fv_record *record);
    void *context;
    fv_record_slip slip; /* the book's */
} fv_record;

/* For the ask's `done`: calls the record's `done`, now, or once the record is on the disk if the book waits. A disk that
 * refuses is then the ask's error. `book` NULL: there is none. */
void fv_record_answered(fv_record_book *book, fv_record *record);
/* Behind the answer: into the book, unless that waits and has it already. */
void fv_record_sent(fv_record_book *book, const fv_record *record);

typedef struct fv_record_reading {
    int64_t records, labels, pictures; /* taken so far */
    int64_t dropped, pictures_dropped; /* records, and pictures, that were not */
} fv_record_reading;
fv_record_reading fv_record_book_read(fv_record_book *book);

#endif
