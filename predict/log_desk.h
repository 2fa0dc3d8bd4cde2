/* log_desk.h - predictions into the prediction log as they are made. */
#ifndef FV_PREDICT_LOG_DESK_H
#define FV_PREDICT_LOG_DESK_H

#include "fovea/predict.h"
#include "fovea/prediction_log.h"

/* Whose predictions they are. */
typedef struct fv_log_subject {
    const char *file; /* of the model, which is read once more for its digest */
    const char *name; /* NULL: the file's name without ending */
    int64_t version;
    const char *key;
} fv_log_subject;

typedef struct fv_log_desk fv_log_desk;
FV_MUST_USE fv_error *fv_log_desk_open(const char *folder, const fv_log_subject *subject, fv_outcome_kind kind,
                                       fv_log_desk **out);
/* A picture that could not be read is no prediction, and not kept. */
FV_MUST_USE fv_error *fv_log_desk_add(fv_log_desk *desk, const fv_prediction *prediction);
FV_MUST_USE fv_error *fv_log_desk_close(fv_log_desk *desk); /* all of it is on the disk, or says why not; NULL is fine */

/* What a prediction says, as the log keeps it; `top` and `sketch` are room of FV_LOG_TOP_MAX and FV_SKETCH, which it points
 * to. What is not of the prediction (model, id, key, time) is left as it is. */
void fv_logged_from_prediction(const fv_prediction *prediction, fv_outcome_kind kind, fv_logged_score *top, float *sketch,
                               fv_logged *out);

#endif
