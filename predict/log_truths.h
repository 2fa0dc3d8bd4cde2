/* log_truths.h - what was told of predictions, by id: of several for one the last. Texts are in the table's arena. */
#ifndef FV_PREDICT_LOG_TRUTHS_H
#define FV_PREDICT_LOG_TRUTHS_H

#include "fovea/prediction_log.h"

typedef struct fv_log_truths fv_log_truths;
/* All of the log in `folder`. */
FV_MUST_USE fv_error *fv_log_truths_read(const char *folder, fv_log_truths **out);
/* Or of each prediction its id and kind, and nothing that was told. */
FV_MUST_USE fv_error *fv_log_predictions_read(const char *folder, fv_log_truths **out);
void fv_log_truths_free(fv_log_truths *truths);
FV_CLEANUP(fv_log_truths);
const fv_logged_truth *fv_log_truths_find(const fv_log_truths *truths, const char *id); /* NULL: nothing was told */

/* The answer was right: the class, exactly the labels. Of numbers there is no such thing. */
bool fv_logged_is_right(const fv_logged *record, const fv_logged_truth *truth);

#endif
