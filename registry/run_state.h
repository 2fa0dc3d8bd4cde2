/* run_state.h - what a write has to know of a run before it changes it; inside a transaction. */
#ifndef FV_REGISTRY_RUN_STATE_H
#define FV_REGISTRY_RUN_STATE_H

#include "fovea/runs.h"
#include "registry/connection.h"

#define FV_RUN_HOLDER_LETTERS 200

typedef struct fv_run_state {
    int64_t row, fence, lease_ms, started_ms;
    fv_run_status status; /* FV_RUN_LOST too */
    bool deleted, experiment_deleted, stop_asked;
    char holder[FV_RUN_HOLDER_LETTERS];
} fv_run_state;

/* FV_NOT_FOUND. */
FV_MUST_USE fv_error *fv_run_look(fv_connection *connection, const char *id, fv_run_state *out);
/* FV_CONFLICT when it is deleted, by itself or with its experiment. */
FV_MUST_USE fv_error *fv_run_check_stage(const fv_run_state *state, const char *id);
/* fv_run_look for who writes it. FV_CONFLICT: it is deleted, ended, or was taken by somebody else. */
FV_MUST_USE fv_error *fv_run_hold(fv_connection *connection, const fv_run *run, fv_run_state *out);

/* A query whose one parameter is the run's number; errors of fv_run_look. */
FV_MUST_USE fv_error *fv_run_query_begin(fv_connection *connection, const char *sql, const char *id, fv_query **out);

fv_run_status fv_run_status_of(const char *name, int64_t lease_ms, int64_t now_ms);

#endif
