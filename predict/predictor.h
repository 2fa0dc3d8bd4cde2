/* predictor.h - a predictor from inside. */
#ifndef FV_PREDICT_PREDICTOR_H
#define FV_PREDICT_PREDICTOR_H

#include "fovea/predict.h"
#include "predict/sections.h"

/* FV_FORMAT when the model's own pictures do not give the outputs that the file expects; nothing where it has none. */
FV_MUST_USE fv_error *fv_predictor_selftest(fv_predictor *predictor);

/* For errors: the class that an output stands for, or "the number". */
const char *fv_predictor_output_name(const fv_predictor *predictor, int64_t output);

#endif
