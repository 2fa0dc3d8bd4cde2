/* batcher.h - who is next: every version's asks in the order they came, first as files to decode, then as rows to run. It knows
 * no threads and no clock: its caller holds a lock over it and says what time it is.
 *
 * Each version has a lane with a queue for each of the two stages; lanes that have something in a stage stand in that stage's
 * ring, and whoever is served goes to its end. */
#ifndef FV_SERVE_BATCHER_H
#define FV_SERVE_BATCHER_H

#include "serve/engine.h"

typedef enum fv_stage { FV_STAGE_FILES, FV_STAGE_ROWS, FV_STAGES /* how many there are */ } fv_stage;

typedef struct fv_ask_queue { /* { 0 } is empty */
    fv_ask *first, *last;
    int64_t count;
} fv_ask_queue;
void fv_ask_queue_put(fv_ask_queue *queue, fv_ask *ask);
fv_ask *fv_ask_queue_take(fv_ask_queue *queue); /* NULL: empty */

#define FV_LANE_SIZES 16

typedef struct fv_lane {
    fv_ask_queue stages[FV_STAGES];
    struct fv_lane *next[FV_STAGES]; /* in the stage's ring */
    bool queued[FV_STAGES];          /* is in it */
    int64_t waiting;                 /* asks admitted and not yet answered */
    int64_t sizes[FV_LANE_SIZES];    /* of batches that are planned, rising, the first 1 */
    int size_count;
    /* Seconds expected of one picture: running means; and the least that the network has taken. 0: not known. */
    double decode_seconds, row_seconds, row_seconds_least;
} fv_lane;
fv_lane *fv_served_lane(fv_served *served); /* served.c */

typedef struct fv_ring {
    fv_lane *first, *last;
} fv_ring;

typedef struct fv_batcher {
    fv_ring rings[FV_STAGES];
    double max_delay;
    int64_t queue;   /* asks of a lane that may wait */
    int64_t workers; /* that decode */
    int64_t idle;    /* who could run a batch now, the asking one among them: each takes its share of what waits; 0: that one */
    bool gather;     /* who asks can decode first: it takes no smaller batch than its share while files wait */
    int64_t pending; /* asks of all lanes */
    double backlog;  /* seconds that they are expected to take */
} fv_batcher;

/* Takes it into its stage: pixels are a row already. FV_BUSY: the lane's queue is full; FV_CANCELLED: what lies ahead will take
 * until after its deadline, or that is past. Sets ask->retry_after with both. */
FV_MUST_USE fv_error *fv_batcher_admit(fv_batcher *batcher, fv_ask *ask, double now);

/* The next file to decode; NULL: none waits. Those whose time has run out go to `late`. */
fv_ask *fv_batcher_next_file(fv_batcher *batcher, double now, fv_ask_queue *late);

/* A file that was decoded is a row now. */
void fv_batcher_put_row(fv_batcher *batcher, fv_ask *ask, double now);

/* The next batch, of one version, in `batch`: how many; 0: none is due, and the next one will be at `*due` (infinity: when a
 * row comes). */
int64_t fv_batcher_next_batch(fv_batcher *batcher, double now, fv_ask_queue *batch, fv_ask_queue *late, double *due);

/* It was answered, or will be at once: it counts no more. */
void fv_batcher_leave(fv_batcher *batcher, fv_ask *ask);

/* What a file, and a row of a batch, took. */
void fv_lane_learn_decode(fv_lane *lane, double seconds);
void fv_lane_learn_row(fv_lane *lane, double seconds);

#endif
