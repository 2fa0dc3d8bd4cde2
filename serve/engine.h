/* engine.h - answers pictures with loaded models: decodes in several threads, puts pictures that wait into batches, runs them.
 *
 *   ask->served = …, ask->bytes = …, ask->length = …, ask->done = answered;
 *   fv_error *error = fv_engine_ask(engine, ask);      refused at once, or `answered` is called later, once
 *
 * A batch holds pictures of one version and never waits while the network is idle, unless `max_delay` says so. It has as many
 * pictures as the largest planned batch that is full (1, 2, 4, …): nothing is padded. A lone picture is run by the team; where
 * there are more, and the team has 2 to FV_SERVED_ALONE_MAX threads, as many batches run as it has threads, each by the worker
 * that decoded for it. The bits of an answer are those of
 * fv_predict_stream, whoever shares the batch. Versions take turns, batch by batch and file by file, so that one that is asked
 * a lot delays another by a batch at most. Of a version's asks at most `queue` wait; more are refused with the time after which
 * it is worth trying again. After a version's first pictures no memory is asked for but by the libraries that decode.
 *
 * Any thread. The engine's workers are the threads that decode and run batches; and an asker that has said `here`. */
#ifndef FV_SERVE_ENGINE_H
#define FV_SERVE_ENGINE_H

#include "serve/served.h"

typedef struct fv_engine fv_engine;

/* Zero in every member is the default. */
typedef struct fv_engine_options {
    int64_t workers;    /* threads; 0: as many as run batches alone, or else one more than the team has */
    double max_delay;   /* seconds that a picture may wait for others to fill a batch; 0: it does not wait */
    int64_t queue;      /* asks of a version that may wait; 0: 256 */
    double here;        /* seconds for which an asker that says `here` may be kept, as far as is known; 0: 0.02 */
    int64_t max_pixels; /* as in fv_decode_options: 0: 2^28 */
    int64_t max_bytes;  /* 0: 2^30 */
} fv_engine_options;

FV_MUST_USE fv_error *fv_engine_new(const fv_engine_options *options, fv_engine **out);
/* Answers what was taken, then ends. Nobody may ask any more. */
void fv_engine_free(fv_engine *engine);
FV_CLEANUP(fv_engine);

/* Seconds of an ask, by fv_clock_seconds. */
typedef struct fv_ask_seconds {
    double decode;  /* file → row, transforms included; 0 of pixels */
    double queue;   /* waiting, for a worker and for the network */
    double compute; /* of its batch */
} fv_ask_seconds;

/* One picture to be answered. The asker's, who begins with { 0 } and may use it again after `done`; between fv_engine_ask and
 * `done` it is not to be touched but for `withdrawn`. */
typedef struct fv_ask {
    fv_served *served; /* a reference that the ask holds, and the asker lets go of when the answer has been used */
    const char *name;  /* for errors; NULL: "the picture" */
    const void *bytes; /* a picture's file, borrowed; or */
    int64_t length;
    const float *pixels; /* one picture as the transforms give it, height × width × channels, borrowed */
    int64_t top;         /* as in fv_predict_options */
    double threshold;
    double deadline; /* fv_clock_seconds(); 0: none */
    void (*done)(
        struct fv_ask *ask); /* called once, by a worker, or by the asker (`here`): it must not wait, and may ask again */
    void *context;
    bool here; /* the asking thread may answer it itself: `done` may come before fv_engine_ask returns. Only where nobody else
                  asks and it takes no longer than the engine's option says */
    _Atomic int withdrawn; /* set to 1 when nobody waits for the answer any more: it may end FV_CANCELLED before it is made */

    /* The answer. */
    fv_error *error;          /* the asker's to free; NULL: there is a prediction */
    fv_prediction prediction; /* lies in `room`, labels in the served version; features where it has them */
    fv_picture_facts facts;   /* set `measured` before for the picture's properties, which the prediction then points to */
    fv_ask_seconds seconds;
    int64_t batch_rows;      /* pictures that shared the run */
    double retry_after;      /* with FV_BUSY and FV_CANCELLED: seconds until it is worth asking again, as far as is known */
    fv_prediction_room room; /* the asker's to release in the end (fv_prediction_room_release); probabilities of all outputs */

    struct fv_ask_state { /* the engine's */
        struct fv_ask *next;
        fv_prediction_style style;
        struct fv_row *row; /* once it is decoded */
        double since;       /* it waits */
        double cost;        /* seconds of the network that it is expected to take */
    } state;
} fv_ask;

/* Taken (NULL), or refused at once, and then `done` is not called: FV_BUSY: `queue` asks wait already; FV_CANCELLED: it cannot
 * be answered by its deadline, or the engine is ending; FV_FORMAT, FV_UNSUPPORTED: the file is empty or longer than max_bytes;
 * FV_USAGE; FV_MEMORY. Given to `done`: FV_CANCELLED: its time ran out or it was withdrawn; FV_FORMAT, FV_UNSUPPORTED,
 * FV_SHAPE: not a picture that this model takes; FV_MEMORY; an error of the plan. */
FV_MUST_USE fv_error *fv_engine_ask(fv_engine *engine, fv_ask *ask);

/* Makes room for rows of that version now, not when they are first wanted. */
FV_MUST_USE fv_error *fv_engine_prepare(fv_engine *engine, const fv_served *served);

/* From now on every ask is refused. True: all that were taken were answered within `seconds`. */
bool fv_engine_drain(fv_engine *engine, double seconds);

typedef struct fv_engine_reading {
    int64_t pending; /* asks taken and not answered */
    int64_t workers;
    double backlog; /* seconds of the network that they are expected to take */
    double busy;    /* seconds that batches have run for, since it began, of one core as its share of all: over the time that is
                       how busy the network is */
    int64_t row_bytes; /* held for decoded pictures */
} fv_engine_reading;
fv_engine_reading fv_engine_read(fv_engine *engine);

#endif
