/* csv.c - cells of a CSV file. */
#include "cli/csv.h"

#include <string.h>

#define CELL_BYTES_MAX (1 << 20)

void fv_csv_cell(const char *text, bool first, fv_text *out) {
    if (!first) fv_text_add(out, ",");
    if (!text) return;
    bool quoted = strpbrk(text, ",\"\r\n");
    if (quoted) fv_text_add(out, "\"");
    for (; *text; text++) fv_text_add_bytes(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    if (quoted) fv_text_add(out, "\"");
}

void fv_csv_heading(const char *before, const char *key, fv_text *out) {
    FV_TEXT(cell, CELL_BYTES_MAX);
    fv_text_addf(&cell, "%s%s", before, key);
    fv_csv_cell(cell.at, false, out);
    fv_text_fail(out, fv_text_error(&cell));
}
