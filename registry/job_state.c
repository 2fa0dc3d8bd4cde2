/* job_state.c - who may change a job: whoever has the newest fence of one that is running. */
#include "registry/job_state.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "registry/clock.h"

static const char state_sql[] = "SELECT id, fence, attempts, lease_ms, state, stop_asked, holder FROM job WHERE uuid = ?";

static const char *const state_names[] = { "queued", "running", "done", "failed", "skipped", "cancelled", "lost" };

const char *fv_job_state_name(fv_job_state state) {
    FV_ASSERT((int)state >= 0 && (int)state < FV_COUNT(state_names));
    return state_names[state];
}

fv_job_state fv_job_state_of(const char *name, int64_t lease_ms, int64_t now_ms) {
    int state = 0;
    while (state < FV_JOB_LOST && (!name || strcmp(state_names[state], name) != 0)) state++;
    return state == FV_JOB_RUNNING && !fv_lease_holds(lease_ms, now_ms) ? FV_JOB_LOST : (fv_job_state)state;
}

fv_error *fv_job_look(fv_connection *c, const char *id, fv_job_now *out) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    FV_TRY(fv_query_begin(c, state_sql, &query));
    fv_bind_text(query, id);
    FV_TRY(fv_query_next(query, &found));
    if (!found) return fv_fail(FV_NOT_FOUND, "there is no job %s", id);
    out->row = fv_column_int(query);
    out->fence = fv_column_int(query);
    out->attempts = fv_column_int(query);
    int64_t lease_ms = fv_column_int(query);
    out->state = fv_job_state_of(fv_column_text(query), lease_ms, fv_connection_now(c));
    out->stop_asked = fv_column_int(query);
    snprintf(out->holder, sizeof out->holder, "%s", fv_column_text(query));
    return NULL;
}

fv_error *fv_job_hold(fv_connection *c, const fv_job *job, fv_job_now *out) {
    FV_TRY(fv_job_look(c, job->id, out));
    bool running = out->state == FV_JOB_RUNNING || out->state == FV_JOB_LOST;
    if (running && out->fence == job->fence) return NULL;
    if (!running) return fv_fail(FV_CONFLICT, "the job %.8s is not running: it is %s", job->id, fv_job_state_name(out->state));
    return fv_error_hint(fv_fail(FV_CONFLICT, "the job %.8s was taken over by %s", job->id, out->holder),
                         "its lease was over: this process had been silent for more than %d s", FV_JOB_LEASE_SECONDS);
}
