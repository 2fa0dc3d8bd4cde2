/* answer_json.h - a prediction as the JSON of /v1, the same label and score as `fovea predict --json` says. */
#ifndef FV_SERVE_ANSWER_JSON_H
#define FV_SERVE_ANSWER_JSON_H

#include "core/base/text.h"
#include "serve/engine.h"
#include "serve/explain_desk.h"

/* Appends {"id","model","version","label","score","top":[{"label","score"}],"timing_ms":{…}}: with "outlier" where the model
 * says what one is; of several labels "labels" for label and score, of numbers "number"; of an error {"id","error":{…}}.
 * `file`: what the picture was called; NULL: nothing. `explained`: "explanation" too; NULL: none was asked for. */
void fv_answer_write(const fv_ask *ask, const char *id, const char *file, double total_seconds, const fv_explained *explained,
                     fv_text *out);

/* Its schema, for OpenAPI. */
extern const char fv_answer_json_schema[];

#endif
