/* models_state.h - the table from inside, and what its thread does with versions (models_load.c). */
#ifndef FV_SERVE_MODELS_STATE_H
#define FV_SERVE_MODELS_STATE_H

#include <pthread.h>

#include "data/threads.h"
#include "serve/models_books.h"

#define FV_TABLE_REQUESTS 64 /* for versions that are not loaded, between two looks of the thread */
#define FV_TABLE_NAME 256    /* bytes of a model's name */

typedef struct fv_table_request {
    char model[FV_TABLE_NAME];
    int64_t version;
    bool by_number;
} fv_table_request;

struct fv_models_table {
    fv_models_options options;
    char *deployment;
    fv_threads thread;
    fv_books books;       /* the thread's */
    int64_t decisions;    /* the thread's: the registry's number when it was last looked at; −1: never */
    double next_look;     /* the thread's */
    int64_t bytes, alive; /* the thread's: of versions that are not freed yet, and how many they are */

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t wake;   /* by CLOCK_MONOTONIC */
    const fv_models_view *view;
    fv_table_request requests[FV_TABLE_REQUESTS];
    int64_t request_count;
    fv_models_order *orders, **last_order;
    fv_served *ended; /* that nobody holds any more: the thread frees them */
    bool poked, looked, ending;
};

/* All of these are the thread's. */
void fv_table_look(fv_models_table *table, bool poked); /* at the registry, and at files where it was poked */
FV_MUST_USE fv_error *fv_table_settle(fv_models_table *table);
void fv_table_load(fv_models_table *table, fv_book_version *version);
void fv_table_free_ended(fv_models_table *table);
void fv_table_warn(const char *what, fv_error *error); /* into the log; takes it; NULL is fine */

#endif
