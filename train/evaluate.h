/* evaluate.h - an evaluation by other transforms than the model's own. */
#ifndef FV_TRAIN_EVALUATE_H
#define FV_TRAIN_EVALUATE_H

#include "fovea/train.h"

/* fv_evaluate with `transforms` in place of the predictor's, which must give pictures of the same size. */
FV_MUST_USE fv_error *fv_evaluate_by(fv_predictor *predictor, const fv_transforms *transforms, const fv_subset *subset,
                                     const fv_evaluate_options *options, fv_evaluation *out);

#endif
