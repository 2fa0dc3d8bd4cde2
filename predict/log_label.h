/* log_label.h - what is true of logged predictions, from a list. */
#ifndef FV_PREDICT_LOG_LABEL_H
#define FV_PREDICT_LOG_LABEL_H

#include "core/base/arena.h"
#include "fovea/prediction_log.h"

typedef struct fv_log_labels {
    const char *id, *label; /* names of columns; NULL: "id", "label" */
    const char *separator;  /* between several labels; NULL: ";" */
    const char *by;         /* who says so; NULL: nobody is named */
} fv_log_labels;

typedef struct fv_log_labelled {
    int64_t rows, labelled; /* of the list; that the log took */
    int64_t refused;
    const char *const *reasons; /* of those, in words, with their lines; in the arena */
} fv_log_labelled;

/* Each row of `list` (CSV, TSV, or JSON-lines where it ends in .jsonl) tells of one prediction, as its kind asks for: a class,
 * several, a number. A row of an id that the log has not, or of what makes no sense, is refused and named. All that were taken
 * are on the disk. FV_BUSY: another process writes to the log. */
FV_MUST_USE fv_error *fv_prediction_log_label(const char *folder, const char *list, const fv_log_labels *options,
                                              fv_arena *arena, fv_log_labelled *out);

#endif
