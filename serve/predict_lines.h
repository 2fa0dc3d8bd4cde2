/* predict_lines.h - pictures line by line (NDJSON), answered line by line in their order while later ones are still at work. */
#ifndef FV_SERVE_PREDICT_LINES_H
#define FV_SERVE_PREDICT_LINES_H

#include "serve/request.h"

/* Makes the reply of `r`, whose body has the lines, by r->served. A line that is wrong has its error in its place. */
FV_MUST_USE fv_error *fv_predict_lines(fv_request *r, int64_t top, double threshold, const char *key);

#endif
