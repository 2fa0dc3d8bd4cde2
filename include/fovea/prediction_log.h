/* fovea/prediction_log.h - what a model was asked and what it said, kept for monitors, feedback and retraining.
 *
 *   FV_TRY(fv_prediction_log_open("log", NULL, &log));
 *   FV_TRY(fv_prediction_log_add(log, &(fv_logged){ .model = "cells", .version = 3, … }, NULL));
 *   FV_TRY(fv_prediction_log_feedback(log, &(fv_logged_truth){ .id = id, .label = "cat" }, &ticket));
 *   FV_TRY(fv_prediction_log_sync(log, ticket));          it is on the disk now
 *
 * A folder of files predictions-00000001.fvlog, …, each
 *
 *   "fovea-log\2" and six zeros │ frame │ frame │ …      a frame:   "fvlr" │ length │ check │ payload, `length` bytes
 *
 * (a file of version 1, before there were outlier scores, is read too, and not gone on with),
 * numbers little-endian, length and check 32 bits, check the CRC-32C of length and payload. Payloads are in
 * predict/log_record.h. Only ever appended to: what was acknowledged (fv_prediction_log_sync came back without an error) is on
 * the disk. A writer that is killed leaves at worst a torn last frame, which the next one cuts off; readers stop before it. A
 * file that is full is closed and the next one begun; the oldest goes when there would be more than `files` of them. One writer
 * a folder at a time, used by any number of threads; readers at any time, in any process, without locks. */
#ifndef FOVEA_PREDICTION_LOG_H
#define FOVEA_PREDICTION_LOG_H

#include "fovea/data.h"
#include "fovea/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_LOG_ID_LETTERS 33 /* of an id that is made here, with the final NUL */
#define FV_LOG_TEXT_MAX 1024 /* bytes of a text in a record */
#define FV_LOG_TOP_MAX 100   /* of more classes the best are kept */
#define FV_LOG_SKETCH_MAX 64 /* numbers of a sketch */

typedef struct fv_logged_score {
    const char *label;
    double score; /* 0…1; kept as a float */
} fv_logged_score;

/* One prediction. Texts may be NULL where nothing is said of it being required. */
typedef struct fv_logged {
    const char *id;     /* of its own in the log, 1…64 bytes; NULL: one is made */
    int64_t time_us;    /* since 1970 UTC; 0: now */
    const char *model;  /* required: its name */
    int64_t version;    /* in the registry; 0: none */
    const char *digest; /* of the model file, in hexadecimal */
    const char *key;    /* the caller's own: a camera, a site, a customer */
    const char *source; /* what the picture is called where it came from */
    /* Its bytes, kept with the log: GENERATION/HASH.ENDING, under the folder's `pictures`; as read the whole path. NULL: they
     * were not kept. */
    const char *picture;
    fv_outcome_kind kind;
    int64_t count, answers;     /* as in fv_prediction */
    const fv_logged_score *top; /* the best first */
    bool abstained;
    double number;                           /* FV_NUMBERS */
    double entropy, margin;                  /* over all classes, nats; best less second score. NaN: not known */
    const fv_image_properties *properties;   /* NULL: not measured */
    int64_t sketch_count;                    /* 0: none */
    const float *sketch;                     /* fv_sketch_features */
    double outlier_score, outlier_threshold; /* as in fv_prediction; kept as floats. A threshold of 0 or NaN: not known */
} fv_logged;

/* What is true of a picture, told later; of several for one id the last one holds. */
typedef struct fv_logged_truth {
    const char *id;  /* required */
    int64_t time_us; /* when it was told; 0: now */
    const char *by;  /* who says so */
    fv_outcome_kind kind;
    int64_t count; /* FV_ONE_CLASS: 1; FV_MULTI_LABEL: any, at most FV_LOG_TOP_MAX */
    const char *const *labels;
    double number; /* FV_NUMBERS */
} fv_logged_truth;

/* Where the picture of a record that was read lies: with the log, or where it came from. NULL: it is not known. */
FV_API const char *fv_logged_picture(const fv_logged *record);

typedef struct fv_prediction_log fv_prediction_log;

/* Zero in every member is the default. */
typedef struct fv_prediction_log_options {
    int64_t files;       /* at most so many are kept; 0: 16; at least 2 */
    int64_t bytes;       /* of all of them; 0: 2^30; at least 2^20 a file */
    double sync_seconds; /* what nobody waits for is on the disk after so long at the latest; 0: 1 */
    bool never_wait; /* a prediction for a full buffer (the disk does not keep up) is FV_BUSY and counted, and does not wait */
} fv_prediction_log_options;

/* Makes the folder if need be. FV_BUSY: another process writes to it. `options` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_prediction_log_open(const char *folder, const fv_prediction_log_options *options,
                                                    fv_prediction_log **out);
/* What is still in memory is written and synced; the error says that it could not be. The log is freed in any case. */
FV_API FV_MUST_USE fv_error *fv_prediction_log_close(fv_prediction_log *log);
FV_API void fv_prediction_log_free(fv_prediction_log *log); /* the same, without the error; NULL is allowed */
FV_CLEANUP(fv_prediction_log);

/* Into the log's buffer, in the order of the calls; nothing is allocated. `*ticket` (may be NULL) is for
 * fv_prediction_log_sync. FV_USAGE: a text too long, a number not finite; FV_IO: the disk refuses, and there is no more room to
 * wait for it. */
FV_API FV_MUST_USE fv_error *fv_prediction_log_add(fv_prediction_log *log, const fv_logged *record, int64_t *ticket);
FV_API FV_MUST_USE fv_error *fv_prediction_log_feedback(fv_prediction_log *log, const fv_logged_truth *truth, int64_t *ticket);
/* Waits until everything up to `ticket` (0: all so far) is on the disk: one fsync for all who wait. FV_IO: it could not be
 * written now; it is still held, and tried again. */
FV_API FV_MUST_USE fv_error *fv_prediction_log_sync(fv_prediction_log *log, int64_t ticket);
FV_API int64_t fv_prediction_log_dropped(fv_prediction_log *log); /* records that FV_BUSY refused */

/* A new id: the time in ms, then random; later ones sort behind. */
FV_API void fv_prediction_id(char out[FV_LOG_ID_LETTERS]);
/* Entropy in nats, and the margin, of one picture's probabilities. */
FV_API void fv_uncertainty(const double *probabilities, int64_t classes, double *entropy, double *margin);
/* `count` features of a picture as FV_SKETCH numbers (fewer features: as they are) in `out`; how many. Each is Σ ± features /
 * √count with signs from Philox (seed 0, stream "features sketch"), so that distances are kept on average (Achlioptas 2003). */
#define FV_SKETCH 32
FV_API int64_t fv_sketch_features(const float *features, int64_t count, float out[FV_SKETCH]);

/* ---- reading ---- */

typedef struct fv_log_entry {
    const fv_logged *prediction;  /* one of the two; */
    const fv_logged_truth *truth; /* the other is NULL */
} fv_log_entry;

typedef struct fv_log_health {
    int64_t files, predictions, truths;
    int64_t damaged; /* bytes between whole frames that are none */
    int64_t torn;    /* bytes behind the last whole frame: of a writer that was killed, or is just writing */
} fv_log_health;

typedef struct fv_log_reader fv_log_reader;
/* FV_NOT_FOUND: there is no such folder. */
FV_API FV_MUST_USE fv_error *fv_log_reader_open(const char *folder, fv_log_reader **out);
FV_API void fv_log_reader_free(fv_log_reader *reader);
FV_CLEANUP(fv_log_reader);
/* The next one in the order written, valid until the next call; both NULL at the end. What is damaged is passed over and
 * counted. */
FV_API FV_MUST_USE fv_error *fv_log_reader_next(fv_log_reader *reader, fv_log_entry *out);
FV_API fv_log_health fv_log_reader_health(const fv_log_reader *reader); /* of what was read so far */

/* The whole log as text, a line a prediction, with what was told later of it: FILE.jsonl or FILE.csv (which leaves the sketch
 * out). `*health` may be NULL. FV_USAGE: another ending. */
FV_API FV_MUST_USE fv_error *fv_prediction_log_export(const char *folder, const char *path, fv_log_health *health);

#ifdef __cplusplus
}
#endif
#endif
