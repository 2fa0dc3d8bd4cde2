/* threads.h - threads that wait for disks, as those that read pictures, so they are not the team that computes
 * (core/base/parallel.h). Signals are left to the thread that the program chose for them. */
#ifndef FV_DATA_THREADS_H
#define FV_DATA_THREADS_H

#include <pthread.h>

#include "fovea/error.h"

#define FV_WORKERS_MAX 256

/* Open value: { 0 }, fv_threads_start, then fv_threads_join when what they do has been told to end. */
typedef struct fv_threads {
    int64_t count;
    pthread_t *at;
} fv_threads;

/* `count` of them (0: none), each running `run(context)`, called `name` (at most 15 letters). On an error those that did start
 * are still to be joined. FV_USAGE: fewer than 0 or more than FV_WORKERS_MAX. */
FV_MUST_USE fv_error *fv_threads_start(fv_threads *threads, int64_t count, const char *name, void *(*run)(void *),
                                       void *context);
void fv_threads_join(fv_threads *threads);

#endif
