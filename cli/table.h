/* table.h - rows and columns for a terminal: as wide as what they hold, and no wider than the terminal in all; a cell that is
 * too long ends with …. Where standard output is no terminal nothing is cut, and a very long cell widens no other row. */
#ifndef FV_CLI_TABLE_H
#define FV_CLI_TABLE_H

#include "cli/printer.h"
#include "core/base/arena.h"

#define FV_TABLE_COLUMNS_MAX 32

typedef struct fv_table {
    fv_arena *arena;
    int columns;
    const bool *right;  /* of each column: figures */
    const char **cells; /* in rows, the first of them the heading */
    int64_t count;
    struct fv_table_note {
        int64_t row; /* that it stands below */
        const char *text;
    } * notes;
    int64_t note_count;
} fv_table;

void fv_table_init(fv_table *table, fv_arena *arena, int columns, const bool *right);
/* The next cell; NULL is empty. Lines are divided by "; ", other controls become U+FFFD. */
FV_MUST_USE fv_error *fv_table_add(fv_table *table, const char *text);
FV_MUST_USE fv_error *fv_table_addf(fv_table *table, const char *format, ...) FV_PRINTF(2, 3);
FV_MUST_USE fv_error *fv_table_add_number(fv_table *table, double value); /* NaN: empty */
/* A line of its own below the row that was finished last, indented, never cut. */
FV_MUST_USE fv_error *fv_table_notef(fv_table *table, const char *format, ...) FV_PRINTF(2, 3);
FV_MUST_USE fv_error *fv_table_print(const fv_table *table, fv_printer *printer);

#endif
