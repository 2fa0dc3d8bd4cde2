/* run_rows.h - runs read whole, with their parameters, tags and metrics; inside a transaction. */
#ifndef FV_REGISTRY_RUN_ROWS_H
#define FV_REGISTRY_RUN_ROWS_H

#include "core/base/arena.h"
#include "fovea/runs.h"
#include "registry/connection.h"

/* In the order of `rows`, numbers of table run; all of it in the arena. */
FV_MUST_USE fv_error *fv_run_rows_load(fv_connection *connection, const int64_t *rows, int64_t count, fv_arena *arena,
                                       fv_run_row **out);

#endif
