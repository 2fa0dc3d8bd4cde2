/* rows.h - answers of many rows, kept in an arena. */
#ifndef FV_REGISTRY_ROWS_H
#define FV_REGISTRY_ROWS_H

#include "fovea/runs.h"
#include "registry/database.h"
#include "registry/room.h"

#define FV_ROWS_BYTES_MAX (INT64_C(1) << 30) /* of one answer */

/* The next column, copied; NULL stays NULL. */
FV_MUST_USE fv_error *fv_column_keep(fv_query *query, fv_arena *arena, const char **out);

/* Reads the columns of a query's row into `row`, which is zeroes; texts into `arena`. */
typedef fv_error *(*fv_row_read)(fv_query *query, fv_arena *arena, void *row);

/* All rows of a query as an array in `arena` of elements of `size` bytes; NULL when there are none. */
FV_MUST_USE fv_error *fv_rows_read_all(fv_query *query, fv_arena *arena, fv_row_read read, int64_t size, void **rows,
                                       int64_t *count);
/* fv_rows_read(query, arena, read, &things, &count): `things` points to what the rows become. */
#define fv_rows_read(query, arena, read, rows, count)                                                                          \
    fv_rows_read_all((query), (arena), (read), (int64_t)sizeof **(rows), (void **)(rows), (count))

/* The same in a read of its own. `begin` makes the query and binds what `context` says. */
typedef struct fv_rows_question {
    const char *what; /* the answer: "the files of a run"; a string that outlives it */
    fv_error *(*begin)(fv_connection *connection, const void *context, fv_query **query);
    const void *context;
    fv_row_read read;
    int64_t size;
} fv_rows_question;
typedef struct fv_rows {
    void *at;
    int64_t count;
    fv_arena *memory; /* to be freed */
} fv_rows;
FV_MUST_USE fv_error *fv_rows_ask(fv_registry *registry, const fv_rows_question *question, fv_rows *out);

/* All rows of a query whose columns are a key and a value. */
FV_MUST_USE fv_error *fv_rows_key_values(fv_query *query, fv_arena *arena, const fv_key_value **out, int64_t *count);

#endif
