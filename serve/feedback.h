/* feedback.h - what people say of predictions, as the body of a request. Pure. */
#ifndef FV_SERVE_FEEDBACK_H
#define FV_SERVE_FEEDBACK_H

#include "core/base/arena.h"
#include "fovea/prediction_log.h"

#define FV_FEEDBACK_MAX 65536 /* labels of one request */

/* {"id", and one of "label": TEXT, "labels": [TEXT, …], "number": NUMBER; "by"?}, or {"feedback": [such an object, …]}; or,
 * with `lines`, such an object a line. `by` is what it says where `by` is NULL. All of it lies in `arena`. FV_USAGE: it is no
 * such JSON, and which of several is wrong. */
FV_MUST_USE fv_error *fv_feedback_parse(const char *text, int64_t length, bool lines, const char *by, fv_arena *arena,
                                        fv_logged_truth **out, int64_t *count);

#endif
