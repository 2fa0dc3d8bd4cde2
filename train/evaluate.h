/* evaluate.h - evaluations from inside: by other transforms than the model's own; as lines of JSON. */
#ifndef FV_TRAIN_EVALUATE_H
#define FV_TRAIN_EVALUATE_H

#include "core/base/text.h"
#include "fovea/train.h"

/* fv_evaluate with `transforms` in place of the predictor's, which must give pictures of the same size. */
FV_MUST_USE fv_error *fv_evaluate_by(fv_predictor *predictor, const fv_transforms *transforms, const fv_subset *subset,
                                     const fv_evaluate_options *options, fv_evaluation *out);

/* What predictions.jsonl holds (predictions.c says what that is): a line for each picture of `set` that was evaluated. `names`
 * are the model's classes. */
void fv_evaluation_to_lines(const fv_evaluation *evaluation, const fv_dataset *set, const char *const *names, fv_text *out);

#endif
