/* csv.h - cells of a CSV file (RFC 4180): quoted where they have a comma, a quote or a line break. */
#ifndef FV_CLI_CSV_H
#define FV_CLI_CSV_H

#include <stdbool.h>

#include "core/base/text.h"

/* With a comma before it unless it is the first of its row; NULL is empty. */
void fv_csv_cell(const char *text, bool first, fv_text *out);
/* The same of a heading in two parts, never the first: "params." and a key. */
void fv_csv_heading(const char *before, const char *key, fv_text *out);

#endif
