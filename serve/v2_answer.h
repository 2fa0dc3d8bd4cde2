/* v2_answer.h - the outputs of an inference by the Open Inference Protocol. */
#ifndef FV_SERVE_V2_ANSWER_H
#define FV_SERVE_V2_ANSWER_H

#include "serve/request.h"
#include "serve/v2_request.h"

/* Of classes probabilities, of several labels each its own, of numbers the number; a row a picture. */
#define FV_V2_OUTPUT "scores"

/* Sets the reply from r->asks, all of which were answered. FV_USAGE: an output that the model has not. */
FV_MUST_USE fv_error *fv_v2_answer(fv_request *r, const fv_v2_request *v2);

#endif
