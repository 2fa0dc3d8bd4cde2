/* queue.h - which predictions of the log are worth a label: those that the model is unsure of, that are unlike what it was made
 * from, that are unlike each other. */
#ifndef FV_EXPERIMENTS_QUEUE_H
#define FV_EXPERIMENTS_QUEUE_H

#include "drift/profile.h"
#include "experiments/drift_observe.h"

typedef enum fv_queue_by {
    FV_QUEUE_MIXED,     /* the three below in turn */
    FV_QUEUE_UNCERTAIN, /* the smallest margin; of several labels the score nearest to 0.5 */
    FV_QUEUE_DRIFTED,   /* features furthest from the reference profile, by Mahalanobis distance */
    FV_QUEUE_DIVERSE    /* each the furthest from all that are labelled or chosen already (Sener and Savarese 2018) */
} fv_queue_by;
#define FV_QUEUE_BY_NAMES "mixed,uncertain,drifted,diverse"
#define FV_QUEUE_CANDIDATES 100000 /* the newest so many are looked at */

typedef struct fv_queue_options {
    fv_log_choice choice;
    fv_queue_by by;
    int64_t count;
    const fv_drift_profile *profile; /* NULL: nothing is found by drift */
} fv_queue_options;

/* Texts are in the arena. */
typedef struct fv_queued {
    const char *id, *source, *guess; /* guess NULL: the model says none */
    const char *why;                 /* "uncertain", "drifted", "diverse" */
    double score;                    /* 1 − margin; the distance; the distance to the nearest */
} fv_queued;

typedef struct fv_queue {
    const fv_queued *at;
    int64_t count;
    int64_t candidates; /* without a label, whose picture is a file still; one a picture */
    int64_t labelled;   /* that have a label already */
    int64_t gone;       /* whose picture is none any more, or was never named */
} fv_queue;

/* Nothing is queued twice, nor a picture that came twice. FV_USAGE: `by` asks for what the log does not tell (no features, no
 * profile, numbers). */
FV_MUST_USE fv_error *fv_queue_make(const char *log, const fv_queue_options *options, fv_arena *arena, fv_queue *out);

/* A folder with the pictures, NNNN-ID.EXT, as links or copies, and queue.csv: id,label,guess,why,score,file,source with the
 * label empty, for `fovea data label`. FV_CONFLICT: the folder is there and has something in it. */
FV_MUST_USE fv_error *fv_queue_write(const fv_queue *queue, const char *folder, bool copies);

#endif
