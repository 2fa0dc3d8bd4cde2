/* views.h - test-time augmentation: logits averaged over views of a picture that should be answered alike. */
#ifndef FV_PREDICT_VIEWS_H
#define FV_PREDICT_VIEWS_H

#include "fovea/predict.h"

/* What the views of `count` pictures take; both NULL for FV_VIEWS_NONE. */
typedef struct fv_view_room {
    float *images; /* count × height × width × channels */
    float *logits; /* count × outputs */
} fv_view_room;

const char *fv_views_name(fv_views views); /* one of FV_VIEWS_NAMES; static */

/* FV_SHAPE: the network's input is too small for these views. */
FV_MUST_USE fv_error *fv_views_check(const fv_predictor *predictor, fv_views views);

/* fv_predictor_run for each view, and the weighted mean of what it gives: `*logits` is the room's, or (FV_VIEWS_NONE) the
 * predictor's. */
FV_MUST_USE fv_error *fv_predictor_run_views(fv_predictor *predictor, fv_views views, const float *images, int64_t count,
                                             const fv_view_room *room, const float **logits);

#endif
