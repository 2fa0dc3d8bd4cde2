/* explain_desk.h - says why: maps of what answers hang on, for requests that ask for them, made behind the answers.
 *
 * A map takes as long as some predictions, or some hundreds. So one thread of the desk makes them, one after another: it
 * computes alone, never with the team, and stands behind all other threads for a core, so that batches go on meanwhile. A
 * bounded number of requests is let in; more are refused at once, and so is what takes too many runs of the network. While it
 * works it has a predictor of its own over the version that answered, which it gives back afterwards.
 *
 * Any thread. */
#ifndef FV_SERVE_EXPLAIN_DESK_H
#define FV_SERVE_EXPLAIN_DESK_H

#include "core/base/text.h"
#include "predict/explain/explanation.h"
#include "serve/engine.h"

#define FV_EXPLAIN_QUEUE 8   /* where none is asked for */
#define FV_EXPLAIN_RUNS 1024 /* of a network, for a request */

typedef struct fv_explain_desk fv_explain_desk;

/* Lets in `queue` requests at a time, the one at work included. `limits` of pictures, as the engine has them. */
FV_MUST_USE fv_error *fv_explain_desk_new(int64_t queue, const fv_decode_options *limits, fv_explain_desk **out);
/* Ends what is at work and what waits, soon, with FV_CANCELLED, and from then on whatever comes. */
void fv_explain_desk_end(fv_explain_desk *desk);
void fv_explain_desk_free(fv_explain_desk *desk); /* nobody is let in any more; NULL is allowed */
FV_CLEANUP(fv_explain_desk);

/* A picture's map. */
typedef struct fv_explained {
    fv_error *error;    /* why there is none */
    const char *method; /* the job's */
    const char *label;  /* what was asked about: lies in the served version */
    bool scored;        /* `score` is there */
    fv_faithfulness score;
    fv_size size;   /* of the picture as the network sees it */
    fv_text png;    /* that picture with the map over it; of a sheet: empty */
    double seconds; /* that it took */
} fv_explained;

/* What a request asks for. The asker's, who begins with fv_explain_job_init; between fv_explain_desk_ask and `done` not to be
 * touched. */
typedef struct fv_explain_job {
    const char *method; /* as fv_explain takes it */
    int64_t output;     /* asked about; −1: each picture's best */
    bool scored;        /* deletion and insertion too */
    bool sheet;         /* one PNG of all pictures, each beside its map */
    double deadline;    /* fv_clock_seconds(); 0: none */
    fv_ask *asks;       /* answered, by one version. Those without an answer, and of pixels, are passed over */
    int64_t count;
    void (*done)(struct fv_explain_job *job); /* called once, by the desk or by who asks: it must not wait */
    void *context;

    fv_explained *at; /* one an ask; room for them is the asker's */
    fv_text sheet_png;
    fv_error *error; /* of the sheet; what is wrong with all pictures is each one's */

    struct fv_explain_job *next; /* the desk's */
} fv_explain_job;
void fv_explain_job_init(fv_explain_job *job, fv_explained *room, int64_t count);
void fv_explain_job_release(fv_explain_job *job);
/* The first error of any kind, which is the caller's then; NULL: all pictures have their maps. */
fv_error *fv_explain_job_take_error(fv_explain_job *job);

/* A place for a request that will ask: given back by the end of its job, or by fv_explain_desk_leave. FV_BUSY: there is none;
 * FV_CANCELLED: the desk has ended. `*retry_after` seconds until it is worth asking again, as far as is known. */
FV_MUST_USE fv_error *fv_explain_desk_enter(fv_explain_desk *desk, double *retry_after);
void fv_explain_desk_leave(fv_explain_desk *desk);
void fv_explain_desk_ask(fv_explain_desk *desk, fv_explain_job *job);

typedef struct fv_explain_reading {
    int64_t requests;     /* that have a place */
    int64_t made, failed; /* maps so far */
    int64_t refused;      /* requests, for want of a place */
    double seconds;       /* that the desk has worked */
} fv_explain_reading;
fv_explain_reading fv_explain_desk_read(fv_explain_desk *desk);

#endif
