/* prediction.h - from a row of logits to an answer. */
#ifndef FV_PREDICT_PREDICTION_H
#define FV_PREDICT_PREDICTION_H

#include "fovea/predict.h"

/* Where an answer's arrays lie: { 0 }, then fv_prediction_room_release. Memory is kept for the next one. */
typedef struct fv_prediction_room {
    int64_t outputs;       /* that it has room for */
    double *probabilities; /* an output, in the model's order: what scores are taken from; of numbers nothing */
    double *scores;        /* those of an answer, the best first */
    int64_t *best;
    const char **labels;
    float *logits, *features; /* room for copies, which fv_prediction_make neither reads nor writes */
    int64_t feature_count;    /* that it has room for */
    void *memory;
} fv_prediction_room;
FV_MUST_USE fv_error *fv_prediction_room_fit(fv_prediction_room *room, int64_t outputs, int64_t features);
void fv_prediction_room_release(fv_prediction_room *room);

/* What the options' zeros mean for this model. */
typedef struct fv_prediction_style {
    int64_t top;
    double threshold;
} fv_prediction_style;
fv_prediction_style fv_prediction_style_of(const fv_predictor *predictor, int64_t top, double threshold);

/* What a picture's features are, by fv_predictor_features or a plan; { 0 }: not known. */
typedef struct fv_feature_row {
    const float *at;
    int64_t count;
} fv_feature_row;

/* The answer that logits and features give: `room` has room for fv_predictor_output_count outputs, `out` points into it, to
 * `logits`, to `features` and to the predictor's labels; properties are the caller's to add. Allocates nothing, unless it
 * fails; any thread. FV_FORMAT: a logit is not finite. `path` names the picture. */
FV_MUST_USE fv_error *fv_prediction_make(const fv_predictor *predictor, fv_prediction_style style, const char *path,
                                         const float *logits, fv_feature_row features, fv_prediction_room *room,
                                         fv_prediction *out);

#endif
