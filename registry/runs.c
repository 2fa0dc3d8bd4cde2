/* runs.c - a run from its start to its end: started, taken back, told to stop, ended, deleted, restored. */
#include "fovea/runs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/database.h"
#include "registry/experiments.h"
#include "registry/names.h"
#include "registry/run_state.h"

static const char insert_sql[] =
    "INSERT INTO run (uuid, experiment_id, name, kind, status, user, host, folder, parent_id, seed_group, started_ms, holder,"
    " lease_ms, fence) VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, 1)";
static const char touch_experiment_sql[] = "UPDATE experiment SET updated_ms = ? WHERE id = ?";
static const char take_sql[] = "UPDATE run SET status = 'running', ended_ms = NULL, error = '', stop_asked = 0, holder = ?,"
                               " lease_ms = ?, fence = fence + 1 WHERE id = ?";
static const char of_folder_sql[] = "SELECT uuid FROM run AS r WHERE folder = ? AND folder <> '' AND NOT " FV_RUN_DELETED_SQL
                                    " ORDER BY started_ms DESC, id DESC LIMIT 1";
static const char end_sql[] = "UPDATE run SET status = ?, error = ?, ended_ms = ?, stop_asked = 0, holder = '', lease_ms = NULL"
                              " WHERE id = ?";
static const char ask_sql[] = "UPDATE run SET stop_asked = 1 WHERE id = ?";
static const char delete_sql[] = "UPDATE run SET stage = 'deleted' WHERE id = ?";
static const char restore_sql[] = "UPDATE run SET stage = 'active' WHERE id = ?";

static const char *const kind_names[] = { "train", "eval", "retrain", "sweep", "other" };

const char *fv_run_kind_name(fv_run_kind kind) {
    FV_ASSERT((int)kind >= 0 && (int)kind < FV_COUNT(kind_names));
    return kind_names[kind];
}

/* ---- who and where ---- */

/* The actor's name before the @, this host, and both with the process: who holds a lease. */
typedef struct identity {
    char user[128], host[256], holder[FV_RUN_HOLDER_LETTERS];
} identity;

static void identify(const fv_registry *registry, identity *out) {
    const char *actor = fv_registry_actor(registry);
    *out = (identity){ 0 };
    gethostname(out->host, sizeof out->host - 1);
    snprintf(out->user, sizeof out->user, "%.*s", (int)strcspn(actor, "@"), actor);
    fv_registry_holder(registry, out->holder);
}

/* As an absolute path, links resolved where it exists; NULL is the empty text. */
static fv_error *resolve_folder(const char *folder, fv_text *out) {
    char resolved[PATH_MAX];
    if (!folder || !*folder) return NULL;
    if (realpath(folder, resolved))
        fv_text_add(out, resolved);
    else if (*folder == '/')
        fv_text_add(out, folder);
    else if (getcwd(resolved, sizeof resolved))
        fv_text_addf(out, "%s/%s", resolved, folder);
    else
        return fv_fail(FV_IO, "the working folder cannot be told: %s", strerror(errno));
    return fv_text_error(out);
}

/* ---- starting ---- */

typedef struct starting {
    const fv_run_options *options;
    const identity *who;
    const char *folder;
    fv_run *run;
} starting;

static fv_error *find_parent(fv_connection *c, const char *id, int64_t *row) {
    fv_run_state parent;
    FV_TRY(fv_error_wrap(fv_run_look(c, id, &parent), "the run that it belongs to"));
    *row = parent.row;
    return NULL;
}

static void bind_start(fv_query *query, const starting *s, int64_t experiment, int64_t parent, int64_t now) {
    const fv_run_options *o = s->options;
    char made_up[32];
    snprintf(made_up, sizeof made_up, "%s-%.8s", fv_run_kind_name(o->kind), s->run->id);
    fv_bind_text(query, s->run->id);
    fv_bind_int(query, experiment);
    fv_bind_text_or(query, o->name, made_up);
    fv_bind_text(query, fv_run_kind_name(o->kind));
    fv_bind_text(query, s->who->user);
    fv_bind_text(query, s->who->host);
    fv_bind_text(query, s->folder);
    if (parent)
        fv_bind_int(query, parent);
    else
        fv_bind_null(query);
    fv_bind_text_or(query, o->seed_group, "");
    fv_bind_int(query, now);
    fv_bind_text(query, s->who->holder);
    fv_bind_int(query, now + FV_RUN_LEASE_SECONDS * 1000);
}

static fv_error *touch_experiment(fv_connection *c, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, touch_experiment_sql, &query));
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, id);
    return fv_query_run(query);
}

static fv_error *start(fv_connection *c, void *context) {
    const starting *s = context;
    FV_OWNED(fv_query) query = NULL;
    int64_t experiment, parent = 0;
    FV_TRY(fv_experiment_need(c, s->options->experiment, &experiment));
    if (s->options->parent) FV_TRY(find_parent(c, s->options->parent, &parent));
    FV_TRY(touch_experiment(c, experiment));
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    bind_start(query, s, experiment, parent, fv_connection_now(c));
    return fv_query_run(query);
}

fv_error *fv_run_start(fv_registry *registry, const fv_run_options *options, fv_run *out) {
    identity who;
    FV_TEXT(folder, 1 << 16);
    *out = (fv_run){ .fence = 1 };
    if (options->name) FV_TRY(fv_name_check("the name of a run", options->name));
    if (options->seed_group) FV_TRY(fv_name_check("the seed group of a run", options->seed_group));
    FV_TRY(resolve_folder(options->folder, &folder));
    identify(registry, &who);
    fv_uuid(out->id);
    starting s = { .options = options, .who = &who, .folder = folder.at, .run = out };
    return fv_registry_write(registry, start, &s);
}

/* ---- taking it back ---- */

typedef struct taking {
    const char *id;
    bool holder_is_gone;
    const identity *who;
    int64_t fence;
} taking;

static fv_error *take(fv_connection *c, void *context) {
    taking *t = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    FV_TRY(fv_run_look(c, t->id, &state));
    FV_TRY(fv_run_check_stage(&state, t->id));
    if (state.status == FV_RUN_RUNNING && !t->holder_is_gone)
        return fv_error_hint(fv_fail(FV_BUSY, "the run %s is being written by %s", t->id, state.holder),
                             "should that be gone: its lease ends in %lld s",
                             (long long)(state.lease_ms - fv_connection_now(c) + 999) / 1000);
    t->fence = state.fence + 1;
    FV_TRY(fv_query_begin(c, take_sql, &query));
    fv_bind_text(query, t->who->holder);
    fv_bind_int(query, fv_connection_now(c) + FV_RUN_LEASE_SECONDS * 1000);
    fv_bind_int(query, state.row);
    return fv_query_run(query);
}

static fv_error *resume(fv_registry *registry, const char *id, bool holder_is_gone, fv_run *out) {
    identity who;
    identify(registry, &who);
    taking t = { .id = id, .holder_is_gone = holder_is_gone, .who = &who };
    FV_TRY(fv_registry_write(registry, take, &t));
    fv_run taken = { .fence = t.fence };
    snprintf(taken.id, sizeof taken.id, "%s", id);
    *out = taken; /* whose id `id` may be */
    return NULL;
}

fv_error *fv_run_resume(fv_registry *registry, const char *id, fv_run *out) { return resume(registry, id, false, out); }
fv_error *fv_run_take_over(fv_registry *registry, const char *id, fv_run *out) { return resume(registry, id, true, out); }

typedef struct of_folder {
    const char *folder;
    char *id;
    bool found;
} of_folder;

static fv_error *find_folder(fv_connection *c, void *context) {
    of_folder *f = context;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, of_folder_sql, &query));
    fv_bind_text(query, f->folder);
    FV_TRY(fv_query_next(query, &f->found));
    if (f->found) snprintf(f->id, FV_RUN_ID_LETTERS, "%s", fv_column_text(query));
    return NULL;
}

fv_error *fv_run_find_folder(fv_registry *registry, const char *folder, char id[FV_RUN_ID_LETTERS], bool *found) {
    FV_TEXT(path, 1 << 16);
    *found = false;
    FV_TRY(resolve_folder(folder, &path));
    of_folder f = { .folder = path.at, .id = id };
    FV_TRY(fv_registry_read(registry, find_folder, &f));
    *found = f.found;
    return NULL;
}

/* ---- ending ---- */

typedef struct ending {
    const fv_run *run;
    fv_run_status status;
    const char *error;
} ending;

static fv_error *end(fv_connection *c, void *context) {
    const ending *e = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    int64_t now = fv_connection_now(c);
    FV_TRY(fv_run_hold(c, e->run, &state));
    FV_TRY(fv_query_begin(c, end_sql, &query));
    fv_bind_text(query, fv_run_status_name(e->status));
    fv_bind_text_or(query, e->error, "");
    fv_bind_int(query, now > state.started_ms ? now : state.started_ms); /* a clock set back makes no time negative */
    fv_bind_int(query, state.row);
    return fv_query_run(query);
}

fv_error *fv_run_end(fv_registry *registry, const fv_run *run, fv_run_status status, const char *error) {
    ending e = { .run = run, .status = status, .error = error };
    FV_ASSERT(status >= FV_RUN_STOPPED && status <= FV_RUN_KILLED);
    return fv_registry_write(registry, end, &e);
}

/* ---- by others ---- */

static fv_error *change(fv_connection *c, const char *sql, int64_t row) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_int(query, row);
    return fv_query_run(query);
}

static fv_error *tell(fv_connection *c, const char *action, const char *id) {
    char subject[sizeof "runs/" + FV_RUN_ID_LETTERS];
    snprintf(subject, sizeof subject, "runs/%s", id);
    return fv_audit_add(c, action, subject, NULL);
}

static fv_error *ask_to_stop(fv_connection *c, void *context) {
    const char *id = context;
    fv_run_state state;
    FV_TRY(fv_run_look(c, id, &state));
    if (state.status != FV_RUN_RUNNING && state.status != FV_RUN_LOST)
        return fv_fail(FV_CONFLICT, "the run %s is not running: it is %s", id, fv_run_status_name(state.status));
    return change(c, ask_sql, state.row);
}

fv_error *fv_run_ask_to_stop(fv_registry *registry, const char *id) {
    return fv_registry_write(registry, ask_to_stop, (void *)id);
}

static fv_error *delete (fv_connection *c, void *context) {
    const char *id = context;
    fv_run_state state;
    FV_TRY(fv_run_look(c, id, &state));
    if (state.status == FV_RUN_RUNNING)
        return fv_error_hint(fv_fail(FV_BUSY, "the run %s is being written by %s", id, state.holder),
                             "`fovea runs stop` asks it to end");
    FV_TRY(tell(c, "run.delete", id));
    return change(c, delete_sql, state.row);
}

fv_error *fv_run_delete(fv_registry *registry, const char *id) { return fv_registry_write(registry, delete, (void *)id); }

static fv_error *restore(fv_connection *c, void *context) {
    fv_run_state state;
    FV_TRY(fv_run_look(c, context, &state));
    state.deleted = false; /* it is about to be */
    FV_TRY(fv_run_check_stage(&state, context));
    FV_TRY(tell(c, "run.restore", context));
    return change(c, restore_sql, state.row);
}

fv_error *fv_run_restore(fv_registry *registry, const char *id) { return fv_registry_write(registry, restore, (void *)id); }
