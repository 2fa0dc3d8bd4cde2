/* run_state.c - who may write a run: whoever has the newest fence of one that is running. */
#include "registry/run_state.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "registry/clock.h"

static const char state_sql[] = "SELECT r.id, r.fence, r.lease_ms, r.started_ms, r.status, r.stage = 'deleted',"
                                " e.stage = 'deleted', r.stop_asked, r.holder FROM run AS r"
                                " JOIN experiment AS e ON e.id = r.experiment_id WHERE r.uuid = ?";

static const char *const status_names[] = { "scheduled", "running", "stopped", "finished", "failed", "killed", "lost" };

const char *fv_run_status_name(fv_run_status status) {
    FV_ASSERT((int)status >= 0 && (int)status < FV_COUNT(status_names));
    return status_names[status];
}

fv_run_status fv_run_status_of(const char *name, int64_t lease_ms, int64_t now_ms) {
    int status = 0;
    while (status < FV_RUN_LOST && (!name || strcmp(status_names[status], name) != 0)) status++;
    return status == FV_RUN_RUNNING && !fv_lease_holds(lease_ms, now_ms) ? FV_RUN_LOST : (fv_run_status)status;
}

fv_error *fv_run_look(fv_connection *c, const char *id, fv_run_state *out) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    FV_TRY(fv_query_begin(c, state_sql, &query));
    fv_bind_text(query, id);
    FV_TRY(fv_query_next(query, &found));
    if (!found)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no run %s", id), "`fovea runs list` shows those there are");
    out->row = fv_column_int(query);
    out->fence = fv_column_int(query);
    out->lease_ms = fv_column_int(query);
    out->started_ms = fv_column_int(query);
    out->status = fv_run_status_of(fv_column_text(query), out->lease_ms, fv_connection_now(c));
    out->deleted = fv_column_int(query);
    out->experiment_deleted = fv_column_int(query);
    out->stop_asked = fv_column_int(query);
    snprintf(out->holder, sizeof out->holder, "%s", fv_column_text(query));
    return NULL;
}

fv_error *fv_run_query_begin(fv_connection *c, const char *sql, const char *id, fv_query **out) {
    fv_run_state state;
    FV_TRY(fv_run_look(c, id, &state));
    FV_TRY(fv_query_begin(c, sql, out));
    fv_bind_int(*out, state.row);
    return NULL;
}

fv_error *fv_run_check_stage(const fv_run_state *state, const char *id) {
    if (state->experiment_deleted)
        return fv_error_hint(fv_fail(FV_CONFLICT, "the run %.8s is of an experiment that is deleted", id),
                             "`fovea experiments restore` brings that back");
    if (!state->deleted) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "the run %.8s is deleted", id), "`fovea runs restore` brings it back");
}

fv_error *fv_run_hold(fv_connection *c, const fv_run *run, fv_run_state *out) {
    FV_TRY(fv_run_look(c, run->id, out));
    FV_TRY(fv_run_check_stage(out, run->id));
    bool running = out->status == FV_RUN_RUNNING || out->status == FV_RUN_LOST;
    if (out->fence != run->fence)
        return fv_error_hint(fv_fail(FV_CONFLICT, "the run %.8s was taken over by %s", run->id,
                                     running ? out->holder : "somebody else, who has ended it"),
                             "its lease was over: this process had been silent for more than %d s", FV_RUN_LEASE_SECONDS);
    if (!running) return fv_fail(FV_CONFLICT, "the run %.8s has ended (%s)", run->id, fv_run_status_name(out->status));
    return NULL;
}
