/* list_rows.h - the rows of a list, CSV, TSV or JSON-lines, from memory. */
#ifndef FV_DATA_LIST_ROWS_H
#define FV_DATA_LIST_ROWS_H

#include "data/dataset.h"

#define FV_COLUMNS_MAX 4096

typedef enum fv_cell_kind {
    FV_CELL_TEXT,  /* texts[0] */
    FV_CELL_TEXTS, /* a JSON array of texts and numbers */
    FV_CELL_OTHER  /* JSON that is neither: of no use here */
} fv_cell_kind;

/* Numbers are texts; true and false are "1" and "0"; what is null or absent has no cell. */
typedef struct fv_cell {
    int column;
    fv_cell_kind kind;
    int64_t count;
    const char *const *texts;
} fv_cell;

typedef struct fv_row {
    int64_t line; /* in which it begins, from 1 */
    const fv_cell *cells;
    int64_t count;     /* of the cells */
    const char *wrong; /* why it is no row; NULL: it is one */
} fv_row;

typedef struct fv_rows_form {
    bool json;      /* JSON-lines: an object a line */
    char delimiter; /* 0: the commonest of comma, semicolon and tab in the first line */
    int header;     /* of CSV: FV_HEADER_AUTO: the first row is one unless it names a picture */
} fv_rows_form;
enum { FV_HEADER_AUTO, FV_HEADER_YES, FV_HEADER_NO };

/* Open value: { 0 }, then fv_rows_release. Texts lie in the bytes that were parsed and in the arena. */
typedef struct fv_rows {
    fv_list columns; /* const char *: names without blanks around them; "1", "2", … where there is no header */
    fv_list rows;    /* fv_row */
    char delimiter;  /* that was taken */
    bool headed;     /* the first row was a header */
} fv_rows;
void fv_rows_release(fv_rows *rows);

/* Parses `length` bytes (one more, a NUL, behind them), which it changes. RFC 4180: quotes, doubled quotes, line breaks in
 * quotes; CRLF, LF or CR; a byte-order mark; rows of nothing but empty fields are none. A row that cannot be read is in `rows`
 * with its reason. FV_FORMAT: not UTF-8 text, a header with a name twice, no header. What is taken from the arena is bounded by
 * a small multiple of `length`. Errors do not name the file. */
FV_MUST_USE fv_error *fv_rows_parse(char *bytes, int64_t length, const fv_rows_form *form, fv_arena *arena, fv_rows *out);

/* The number of the column of that name, or −1. */
int fv_rows_column(const fv_rows *rows, const char *name);
/* The cell of a row in a column, or NULL. */
const fv_cell *fv_row_cell(const fv_row *row, int column);
/* A text without the blanks around it: a copy in the arena where it had some. */
FV_MUST_USE fv_error *fv_trimmed(const char *text, fv_arena *arena, const char **out);

#endif
