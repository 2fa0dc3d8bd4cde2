/* predictor.h - a predictor from inside. */
#ifndef FV_PREDICT_PREDICTOR_H
#define FV_PREDICT_PREDICTOR_H

#include "fovea/predict.h"
#include "predict/outlier.h"
#include "predict/sections.h"

/* FV_FORMAT when the model's own pictures do not give the outputs that the file expects; nothing where it has none. */
FV_MUST_USE fv_error *fv_predictor_selftest(fv_predictor *predictor);

/* What options.late_selftest has put off; nothing when it is done, or was not put off. */
FV_MUST_USE fv_error *fv_predictor_late_selftest(fv_predictor *predictor);

/* The plan for batches of `batch`, made when it is first wanted: borrowed until as many other sizes are wanted as are kept. Its
 * input, its logits and its features (as fv_predictor_features) stay where they are as long as it is there. */
FV_MUST_USE fv_error *fv_predictor_plan(fv_predictor *predictor, int64_t batch, fv_plan **out);
float *fv_predictor_feed(const fv_predictor *predictor, fv_plan *plan);
const float *fv_predictor_logits(const fv_predictor *predictor, const fv_plan *plan);
const float *fv_predictor_plan_features(const fv_predictor *predictor, const fv_plan *plan, int64_t batch, int64_t *count);

/* Of the model's section "outlier"; NULL: it has none. Borrowed. */
const fv_outlier *fv_predictor_outlier(const fv_predictor *predictor);

/* Another predictor over the same model, which the first one keeps: for another thread, in evaluation, as the model is only
 * read. */
FV_MUST_USE fv_error *fv_predictor_beside(const fv_predictor *predictor, const fv_predictor_options *options,
                                          fv_predictor **out);

/* Beside one whose products round to bf16 the same in f32; nothing beside one that is so itself. */
FV_MUST_USE fv_error *fv_predictor_exact(const fv_predictor *predictor, fv_predictor **out);

/* A self-test picture's file from its base64. */
FV_MUST_USE fv_error *fv_selftest_file(const char *name, const char *base64, fv_arena *arena, const uint8_t **bytes,
                                       int64_t *length);

/* The median time in ms from a picture's file to its logits, one at a time, of each of `count` predictors. They take turns at
 * the same pictures, so that what else the machine does slows all alike: the self-test pictures of the first one, or
 * (`*pictures` 0) a blank one of each one's size, which is not decoded. */
FV_MUST_USE fv_error *fv_predictors_time(fv_predictor *const *predictors, int64_t count, double *milliseconds,
                                         int64_t *pictures);

/* For errors: the class that an output stands for, or "the number". */
const char *fv_predictor_output_name(const fv_predictor *predictor, int64_t output);

#endif
