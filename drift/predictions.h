/* predictions.h - predictions as observations: which series there are of a picture and its answer. Any thread. */
#ifndef FV_DRIFT_PREDICTIONS_H
#define FV_DRIFT_PREDICTIONS_H

#include "drift/window.h"
#include "fovea/prediction_log.h"

/* A picture's properties, then confidence, entropy and margin of one class, then the number that is said. */
enum { FV_SEEN_CONFIDENCE = FV_IMAGE_PROPERTY_COUNT, FV_SEEN_ENTROPY, FV_SEEN_MARGIN, FV_SEEN_NUMBER, FV_SEEN_SERIES };
FV_MUST_USE fv_error *fv_drift_window_of_predictions(fv_drift_window **out);

/* `right`: as in fv_drift_observation. `named` false: its source and key are left out, and the window stays small. */
FV_MUST_USE fv_error *fv_drift_window_add_logged(fv_drift_window *window, const fv_logged *record, int right, bool named);

#endif
