/* jobs.c - jobs added, taken, renewed, ended. */
#include "fovea/jobs.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/clock.h"
#include "registry/database.h"
#include "registry/job_state.h"
#include "registry/names.h"
#include "registry/run_state.h"

static const char insert_sql[] = "INSERT INTO job (uuid, key, kind, subject, state, spec, not_before_ms, created_ms)"
                                 " VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)";
static const char by_key_sql[] = "SELECT uuid, kind, subject FROM job WHERE key = ?";
/* ?1 kind, ?2 subject or NULL, ?3 now, ?4 the end of the longest lease that holds. Lost ones first: they were due before. */
static const char due_sql[] =
    "WITH held AS (SELECT id, subject FROM job"
    " WHERE kind = ?1 AND state = 'running' AND lease_ms > ?3 AND lease_ms <= ?4)"
    " SELECT id, uuid, fence, attempts, state = 'running' FROM job AS j WHERE kind = ?1 AND (?2 IS NULL OR subject = ?2)"
    " AND ((state = 'queued' AND not_before_ms <= ?3) OR (state = 'running' AND id NOT IN (SELECT id FROM held)))"
    " AND NOT EXISTS (SELECT 1 FROM held WHERE held.subject = j.subject AND held.id <> j.id)"
    " ORDER BY state = 'running' DESC, not_before_ms, id LIMIT 1";
static const char take_sql[] = "UPDATE job SET state = 'running', attempts = attempts + 1, fence = fence + 1, holder = ?,"
                               " lease_ms = ?, started_ms = coalesce(started_ms, ?), stop_asked = 0 WHERE id = ?";
static const char renew_sql[] = "UPDATE job SET lease_ms = ?, progress = coalesce(?, progress) WHERE id = ?";
static const char end_sql[] = "UPDATE job SET state = ?, reason = ?, result = coalesce(?, result), ended_ms = ?, holder = '',"
                              " lease_ms = NULL, stop_asked = 0,"
                              " run_id = coalesce((SELECT id FROM run WHERE uuid = ?), run_id) WHERE id = ?";
static const char put_back_sql[] = "UPDATE job SET state = 'queued', progress = coalesce(?, progress), not_before_ms = ?,"
                                   " attempts = attempts - 1, holder = '', lease_ms = NULL WHERE id = ?";
static const char ask_sql[] = "UPDATE job SET stop_asked = 1, reason = ? WHERE id = ?";

#define ATTEMPTS 3

/* A line of the audit log; `reason` NULL: none. */
static fv_error *tell(fv_connection *c, const char *action, const char *id, const char *key, const char *value,
                      const char *reason) {
    char subject[FV_JOB_ID_LETTERS + 8];
    FV_TEXT(details, 1 << 20);
    snprintf(subject, sizeof subject, "jobs/%s", id);
    fv_text_addf(&details, "{\"%s\":", key);
    fv_text_add_json(&details, value);
    if (reason) fv_text_add(&details, ",\"reason\":");
    if (reason) fv_text_add_json(&details, reason);
    fv_text_add(&details, "}");
    FV_TRY(fv_text_error(&details));
    return fv_audit_add(c, action, subject, details.at);
}

/* ---- adding ---- */

typedef struct adding {
    const fv_job_options *options;
    char *id;
    bool existed;
} adding;

static fv_error *find_key(fv_connection *c, adding *a) {
    FV_OWNED(fv_query) query = NULL;
    const fv_job_options *o = a->options;
    FV_TRY(fv_query_begin(c, by_key_sql, &query));
    fv_bind_text(query, o->key);
    FV_TRY(fv_query_next(query, &a->existed));
    if (!a->existed) return NULL;
    snprintf(a->id, FV_JOB_ID_LETTERS, "%s", fv_column_text(query));
    const char *kind = fv_column_text(query), *subject = fv_column_text(query);
    if (!strcmp(kind, o->kind) && !strcmp(subject, o->subject ? o->subject : "")) return NULL;
    return fv_fail(FV_CONFLICT, "the key %s is of another job: %s of \"%s\"", o->key, kind, subject);
}

static fv_error *add(fv_connection *c, void *context) {
    adding *a = context;
    const fv_job_options *o = a->options;
    FV_OWNED(fv_query) query = NULL;
    if (o->key) FV_TRY(find_key(c, a));
    if (a->existed) return NULL;
    fv_uuid(a->id);
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    fv_bind_text(query, a->id);
    fv_bind_text(query, o->key);
    fv_bind_text(query, o->kind);
    fv_bind_text_or(query, o->subject, "");
    fv_bind_text_or(query, o->spec, "{}");
    fv_bind_int(query, o->not_before_ms);
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    return tell(c, "job.add", a->id, "kind", o->kind, NULL);
}

fv_error *fv_job_add(fv_registry *r, const fv_job_options *options, char id[FV_JOB_ID_LETTERS], bool *existed) {
    adding a = { .options = options, .id = id };
    FV_TRY(fv_name_check("the kind of a job", options->kind));
    FV_TRY(fv_registry_write(r, add, &a));
    if (existed) *existed = a.existed;
    return NULL;
}

/* ---- ending ---- */

typedef struct ending {
    const fv_job *job;
    const fv_job_outcome *outcome;
} ending;

static fv_error *end_row(fv_connection *c, const char *id, int64_t row, const fv_job_outcome *o) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, end_sql, &query));
    fv_bind_text(query, fv_job_state_name(o->state));
    fv_bind_text_or(query, o->reason, "");
    fv_bind_text(query, o->result);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_text(query, o->run);
    fv_bind_int(query, row);
    FV_TRY(fv_query_run(query));
    return tell(c, "job.end", id, "state", fv_job_state_name(o->state), o->reason);
}

static fv_error *check_run(fv_connection *c, const char *id) {
    fv_run_state run;
    return id ? fv_error_wrap(fv_run_look(c, id, &run), "the run that the job made") : NULL;
}

static fv_error *end(fv_connection *c, void *context) {
    const ending *e = context;
    fv_job_now now;
    FV_TRY(fv_job_hold(c, e->job, &now));
    FV_TRY(check_run(c, e->outcome->run));
    return end_row(c, e->job->id, now.row, e->outcome);
}

fv_error *fv_job_end(fv_registry *r, const fv_job *job, const fv_job_outcome *outcome) {
    FV_ASSERT(outcome->state >= FV_JOB_DONE && outcome->state <= FV_JOB_CANCELLED);
    return fv_registry_write(r, end, &(ending){ job, outcome });
}

/* ---- taking ---- */

typedef struct taking {
    const fv_job_wish *wish;
    const char *holder;
    fv_job *job;
    bool found, again;
} taking;

typedef struct due {
    int64_t row, attempts;
    bool lost;
} due;

static fv_error *find_due(fv_connection *c, taking *t, due *out) {
    FV_OWNED(fv_query) query = NULL;
    int64_t now = fv_connection_now(c);
    FV_TRY(fv_query_begin(c, due_sql, &query));
    fv_bind_text(query, t->wish->kind);
    fv_bind_text(query, t->wish->subject);
    fv_bind_int(query, now);
    fv_bind_int(query, t->wish->alone ? 0 : now + FV_LEASE_MS_MAX);
    FV_TRY(fv_query_next(query, &t->found));
    if (!t->found) return NULL;
    out->row = fv_column_int(query);
    snprintf(t->job->id, sizeof t->job->id, "%s", fv_column_text(query));
    t->job->fence = fv_column_int(query) + 1;
    out->attempts = fv_column_int(query);
    out->lost = fv_column_int(query);
    t->job->attempt = out->attempts + 1;
    return NULL;
}

static fv_error *take_row(fv_connection *c, const taking *t, int64_t row) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, take_sql, &query));
    fv_bind_text(query, t->holder);
    fv_bind_int(query, fv_connection_now(c) + FV_JOB_LEASE_SECONDS * 1000);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, row);
    FV_TRY(fv_query_run(query));
    return tell(c, "job.take", t->job->id, "by", t->holder, NULL);
}

static fv_error *give_up(fv_connection *c, const char *id, const due *d) {
    char reason[100];
    snprintf(reason, sizeof reason, "lost %lld times: whoever had it was killed, or hung", (long long)d->attempts);
    return end_row(c, id, d->row, &(fv_job_outcome){ .state = FV_JOB_FAILED, .reason = reason });
}

static fv_error *take(fv_connection *c, void *context) {
    taking *t = context;
    due d = { 0 };
    int64_t attempts = t->wish->attempts ? t->wish->attempts : ATTEMPTS;
    for (;;) {
        FV_TRY(find_due(c, t, &d));
        if (!t->found) return NULL;
        if (!d.lost || d.attempts < attempts) return take_row(c, t, d.row);
        FV_TRY(give_up(c, t->job->id, &d));
    }
}

fv_error *fv_job_take(fv_registry *r, const fv_job_wish *wish, fv_job *out, bool *found) {
    char holder[FV_HOLDER_LETTERS];
    fv_registry_holder(r, holder);
    taking t = { .wish = wish, .holder = holder, .job = out };
    *found = false;
    FV_TRY(fv_registry_write(r, take, &t));
    *found = t.found;
    return NULL;
}

/* ---- holding ---- */

typedef struct renewal {
    const fv_job *job;
    const char *progress;
    int64_t not_before_ms;
    bool stop;
} renewal;

static fv_error *renew(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    renewal *n = context;
    fv_job_now now;
    FV_TRY(fv_job_hold(c, n->job, &now));
    n->stop = now.stop_asked;
    FV_TRY(fv_query_begin(c, renew_sql, &query));
    fv_bind_int(query, fv_connection_now(c) + FV_JOB_LEASE_SECONDS * 1000);
    fv_bind_text(query, n->progress);
    fv_bind_int(query, now.row);
    return fv_query_run(query);
}

fv_error *fv_job_renew(fv_registry *r, const fv_job *job, const char *progress, bool *stop) {
    renewal n = { .job = job, .progress = progress };
    FV_TRY(fv_registry_write(r, renew, &n));
    if (stop) *stop = n.stop;
    return NULL;
}

static fv_error *put_back(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    const renewal *n = context;
    fv_job_now now;
    FV_TRY(fv_job_hold(c, n->job, &now));
    FV_TRY(fv_query_begin(c, put_back_sql, &query));
    fv_bind_text(query, n->progress);
    fv_bind_int(query, n->not_before_ms);
    fv_bind_int(query, now.row);
    return fv_query_run(query);
}

fv_error *fv_job_put_back(fv_registry *r, const fv_job *job, const char *progress, int64_t not_before_ms) {
    return fv_registry_write(r, put_back, &(renewal){ .job = job, .progress = progress, .not_before_ms = not_before_ms });
}

/* ---- cancelling ---- */

typedef struct cancelling {
    const char *id, *reason;
} cancelling;

static fv_error *cancel(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    const cancelling *k = context;
    fv_job_now now;
    FV_TRY(fv_job_look(c, k->id, &now));
    if (now.state == FV_JOB_QUEUED || now.state == FV_JOB_LOST)
        return end_row(c, k->id, now.row, &(fv_job_outcome){ .state = FV_JOB_CANCELLED, .reason = k->reason });
    if (now.state != FV_JOB_RUNNING) return NULL;
    FV_TRY(fv_query_begin(c, ask_sql, &query));
    fv_bind_text_or(query, k->reason, "");
    fv_bind_int(query, now.row);
    return fv_query_run(query);
}

fv_error *fv_job_cancel(fv_registry *r, const char *id, const char *reason) {
    return fv_registry_write(r, cancel, &(cancelling){ id, reason });
}
