/* rows.h - answers of many rows, kept in an arena. */
#ifndef FV_REGISTRY_ROWS_H
#define FV_REGISTRY_ROWS_H

#include "fovea/runs.h"
#include "registry/connection.h"
#include "registry/room.h"

#define FV_ROWS_BYTES_MAX (INT64_C(1) << 30) /* of one answer */

/* The next column, copied; NULL stays NULL. */
FV_MUST_USE fv_error *fv_column_keep(fv_query *query, fv_arena *arena, const char **out);

/* All rows of a query whose columns are a key and a value. */
FV_MUST_USE fv_error *fv_rows_key_values(fv_query *query, fv_arena *arena, const fv_key_value **out, int64_t *count);

#endif
