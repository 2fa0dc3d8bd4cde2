/* predictions.h - predictions.jsonl read back (predictions.c says what is in it), a line at a time: as much is in memory as one
 * line takes, however many pictures there are. */
#ifndef FV_TRAIN_PREDICTIONS_H
#define FV_TRAIN_PREDICTIONS_H

#include "core/base/arena.h"
#include "fovea/metrics.h"

typedef struct fv_scored_label {
    const char *label;
    double score; /* 0…1 */
} fv_scored_label;

/* What is true of a picture and what the model said; `kind` decides what there is. */
typedef struct fv_predicted {
    const char *id; /* not empty */
    fv_outcome_kind kind;
    const char *label, *predicted; /* FV_ONE_CLASS */
    double score;                  /* FV_ONE_CLASS: of `predicted`, 0…1 */
    int64_t label_count, predicted_count;
    const char *const *labels, *const *predicted_labels; /* FV_MULTI_LABEL */
    double number, predicted_number;                     /* FV_NUMBERS; finite */
    int64_t top_count;
    const fv_scored_label *top; /* of classes and labels: the most probable ones */
} fv_predicted;

typedef struct fv_predictions fv_predictions;
/* FV_NOT_FOUND, FV_DENIED, FV_IO with the path. */
FV_MUST_USE fv_error *fv_predictions_open(const char *path, fv_predictions **out);
void fv_predictions_free(fv_predictions *predictions);
FV_CLEANUP(fv_predictions);
/* The next line, valid until the next call; NULL at the end. Keys that are not known are passed over. FV_FORMAT with path and
 * line: no JSON, a key that is missing or not what it should be, another kind than the lines before. */
FV_MUST_USE fv_error *fv_predictions_next(fv_predictions *predictions, const fv_predicted **out);

#endif
