/* list_columns.h - which column of a list is what: as the options say, or guessed from its name. */
#ifndef FV_DATA_LIST_COLUMNS_H
#define FV_DATA_LIST_COLUMNS_H

#include "core/base/fields.h"
#include "data/sources/list_rows.h"

typedef struct fv_list_options {
    const char *path, *label, *part, *group, *weight; /* names of columns; NULL: guessed */
    fv_strings class_columns;
    const char *separator;
    int target;
    const char *root, *suffix;
    int delimiter, header;
} fv_list_options;
enum { FV_LIST_AUTO, FV_LIST_CLASS, FV_LIST_CLASSES, FV_LIST_NUMBER, FV_LIST_NONE }; /* .target */

/* Numbers of columns, −1: there is none. Without `label`, `indicators` are the columns of one class each. */
typedef struct fv_list_columns {
    int path, label, part, group, weight;
    int indicator_count;
    const int *indicators;
} fv_list_columns;

/* Finds them, and says in a note of the listing what was taken for what. FV_FORMAT: a column that is named but not there, no
 * column of paths or labels, with the columns as the hint. */
FV_MUST_USE fv_error *fv_list_find_columns(const char *list, const fv_list_options *options, const fv_rows *rows,
                                           fv_arena *arena, fv_listing *listing, fv_list_columns *out);

#endif
