/* watch.h - the connections that are open, and since when each waits for what: whoever sends a request, or takes its answer,
 * too slowly is cut off, however lively it drips. Any thread. */
#ifndef FV_SERVE_WATCH_H
#define FV_SERVE_WATCH_H

#include <pthread.h>
#include <stdbool.h>

#include "fovea/error.h"

typedef enum fv_phase {
    FV_PHASE_IDLE,    /* between requests: for the next one's first line */
    FV_PHASE_READING, /* for the rest of a request */
    FV_PHASE_WORKING, /* for us */
    FV_PHASE_WRITING, /* for the answer to be taken */
    FV_PHASES         /* how many there are */
} fv_phase;

typedef struct fv_link { /* one connection; the watch's */
    struct fv_link *next, *previous;
    int socket;
    bool local; /* from this machine */
    bool cut;
    fv_phase phase;
    double since;
} fv_link;

typedef struct fv_watch {
    pthread_mutex_t lock;
    fv_link *first;
    double limits[FV_PHASES]; /* seconds; 0: none */
    int64_t open, cut;        /* connections now, and cut off so far */
} fv_watch;

void fv_watch_init(fv_watch *watch, double timeout, double idle);
void fv_watch_release(fv_watch *watch); /* all have left */
FV_MUST_USE fv_error *fv_watch_enter(fv_watch *watch, int socket, bool local, fv_link **out);
void fv_watch_leave(fv_watch *watch, fv_link *link);                 /* before the socket is closed */
void fv_watch_phase(fv_watch *watch, fv_link *link, fv_phase phase); /* begins now, also when it was the same */
void fv_watch_look(fv_watch *watch, double now);                     /* cuts off those that are over a limit */
int64_t fv_watch_open(fv_watch *watch, int64_t *cut);                /* `cut` may be NULL */

#endif
