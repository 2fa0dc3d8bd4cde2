/* run_text.h - runs as the commands about them write them. */
#ifndef FV_CLI_RUN_TEXT_H
#define FV_CLI_RUN_TEXT_H

#include "core/base/text.h"
#include "fovea/runs.h"

#define FV_RUN_SHORT_LETTERS 8 /* of an id, for people */

const fv_metric_summary *fv_run_metric(const fv_run_row *run, const char *key); /* NULL: it has none */
const char *fv_run_param(const fv_run_row *run, const char *key);               /* NULL: it has none */

/* "12.3s", "4:05", "1:02:03", "2d 3h". */
#define FV_DURATION_LETTERS 32
const char *fv_duration(int64_t milliseconds, char out[FV_DURATION_LETTERS]);

/* Keys of an object, from its { on: the } is the caller's. A value that is not finite is null. */
void fv_run_json(const fv_run_row *run, fv_text *out);
void fv_run_json_more(const fv_run_row *run, fv_text *out); /* what `runs list` leaves out */
/* "42 s ago", "3 min ago", "5 h ago", "12 d ago". */
const char *fv_ago(int64_t milliseconds, char out[FV_DURATION_LETTERS]);

/* An object of texts. */
void fv_pairs_json(const fv_key_value *pairs, int64_t count, fv_text *out);
void fv_number_json(double value, fv_text *out);

#endif
