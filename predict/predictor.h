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
/* The path of the file whose self-test was put off, for errors; NULL: it was taken, or none is wanted. */
const char *fv_predictor_untested(const fv_predictor *predictor);
void fv_predictor_set_tested(fv_predictor *predictor); /* the test has passed */

/* What was put off, in one run with the only pictures that are asked about: no filter is packed twice, and none kept. It begins
 * while those, `guests` of them, are being read: another thread reads the test, this one makes the plan. Then the run, of the
 * guests that could be read. No error: the model is what it was; `*logits` (NULL: no guests) and fv_predictor_features are the
 * guests'. Where the file has no test they are run alone. */
typedef struct fv_sitting fv_sitting;
FV_MUST_USE fv_error *fv_sitting_begin(fv_predictor *predictor, int64_t guests, fv_sitting **out);
FV_MUST_USE fv_error *fv_sitting_run(fv_sitting *sitting, const float *images, int64_t guests, const float **logits);
void fv_sitting_free(fv_sitting *sitting); /* NULL is allowed */
FV_CLEANUP(fv_sitting);
/* Whether the predictor is untested, and its test's pictures few enough to run at once with others: then these are in f32, as
 * the test is. */
bool fv_sitting_is_due(const fv_predictor *predictor);

/* The plan for batches of `batch`, made when it is first wanted: borrowed until as many other sizes are wanted as are kept. Its
 * input, its logits and its features (as fv_predictor_features) stay where they are as long as it is there. */
FV_MUST_USE fv_error *fv_predictor_plan(fv_predictor *predictor, int64_t batch, fv_plan **out);
/* The same of a plan that is run once, before any other is asked for. */
FV_MUST_USE fv_error *fv_predictor_plan_once(fv_predictor *predictor, int64_t batch, fv_plan **out);
float *fv_predictor_feed(const fv_predictor *predictor, fv_plan *plan);
const float *fv_predictor_logits(const fv_predictor *predictor, const fv_plan *plan);
const float *fv_predictor_plan_features(const fv_predictor *predictor, const fv_plan *plan, int64_t batch, int64_t *count);

/* One run over `first` and then `images`, by a plan of fv_predictor_plan_once: the logits of all, in order; the features
 * (fv_predictor_features) of `images`. */
FV_MUST_USE fv_error *fv_predictor_run_once(fv_predictor *predictor, const float *first, int64_t first_count,
                                            const float *images, int64_t count, const float **logits);

/* Of the model's section "outlier"; NULL: it has none. Borrowed. */
const fv_outlier *fv_predictor_outlier(const fv_predictor *predictor);

/* Another predictor over the same model, which the first one keeps: for another thread, in evaluation, as the model is only
 * read. */
FV_MUST_USE fv_error *fv_predictor_beside(const fv_predictor *predictor, const fv_predictor_options *options,
                                          fv_predictor **out);

/* Whether products are in f32. */
bool fv_predictor_is_exact(const fv_predictor *predictor);
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
