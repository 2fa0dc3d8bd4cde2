/* experiments.c - names under which runs are kept; a / in one is a level of a tree. */
#include "registry/experiments.h"

#include <string.h>

#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/clock.h"
#include "registry/names.h"
#include "registry/rows.h"

static const char by_name_sql[] = "SELECT id, stage = 'deleted' FROM experiment WHERE name = ?";
static const char insert_sql[] = "INSERT INTO experiment (name, created_ms, updated_ms) VALUES (?, ?, ?)";
static const char describe_sql[] = "UPDATE experiment SET description = ?, updated_ms = ? WHERE id = ?";
static const char set_stage_sql[] = "UPDATE experiment SET stage = ?, updated_ms = ? WHERE id = ?";
static const char running_sql[] = "SELECT uuid, holder FROM run WHERE experiment_id = ? AND stage = 'active'"
                                  " AND status = 'running' AND lease_ms > ? AND lease_ms <= ? LIMIT 1";
static const char list_sql[] = "SELECT e.id, e.name, e.description, e.stage = 'deleted', e.created_ms, e.updated_ms,"
                               " (SELECT count(*) FROM run AS r WHERE r.experiment_id = e.id AND r.stage = 'active')"
                               " FROM experiment AS e WHERE e.stage = 'active' OR ? ORDER BY e.name";

#define DEFAULT_ID 0
#define TEXT_BYTES_MAX 100000

/* ---- inside ---- */

typedef struct row {
    int64_t id;
    bool found, deleted;
} row;

static fv_error *look(fv_connection *c, const char *name, row *out) {
    FV_OWNED(fv_query) query = NULL;
    *out = (row){ 0 };
    FV_TRY(fv_query_begin(c, by_name_sql, &query));
    fv_bind_text(query, name);
    FV_TRY(fv_query_next(query, &out->found));
    if (!out->found) return NULL;
    out->id = fv_column_int(query);
    out->deleted = fv_column_int(query);
    return NULL;
}

static fv_error *say_deleted(const char *name) {
    return fv_error_hint(fv_fail(FV_CONFLICT, "the experiment %s is deleted", name),
                         "`fovea experiments restore` brings it back, with its runs");
}

fv_error *fv_experiment_need(fv_connection *c, const char *name, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    row found;
    if (!name) name = "Default";
    FV_TRY(fv_name_check("the name of an experiment", name));
    FV_TRY(look(c, name, &found));
    *id = found.id;
    if (found.deleted) return say_deleted(name);
    if (found.found) return NULL;
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    fv_bind_text(query, name);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return NULL;
}

/* ---- changes ---- */

typedef struct change {
    const char *name, *text;
    bool back;
} change;

static fv_error *must_find(fv_connection *c, const char *name, row *out) {
    FV_TRY(look(c, name, out));
    if (out->found) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no experiment %s", name), "`fovea experiments list` lists them");
}

static fv_error *tell(fv_connection *c, const char *action, const char *name) {
    FV_TEXT(subject, 1 << 10);
    fv_text_addf(&subject, "experiments/%s", name);
    FV_TRY(fv_text_error(&subject));
    return fv_audit_add(c, action, subject.at, NULL);
}

static fv_error *set(fv_connection *c, const char *sql, const char *text, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_text(query, text);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, id);
    return fv_query_run(query);
}

static fv_error *describe(fv_connection *c, void *context) {
    const change *o = context;
    row found;
    FV_TRY(must_find(c, o->name, &found));
    if (found.deleted) return say_deleted(o->name);
    FV_TRY(set(c, describe_sql, o->text, found.id));
    return tell(c, "experiment.describe", o->name);
}

fv_error *fv_experiment_describe(fv_registry *registry, const char *name, const char *text) {
    if (strlen(text) > TEXT_BYTES_MAX) return fv_fail(FV_USAGE, "a description has at most %d bytes", TEXT_BYTES_MAX);
    return fv_registry_write(registry, describe, &(change){ .name = name, .text = text });
}

static fv_error *check_idle(fv_connection *c, const char *name, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    int64_t now = fv_connection_now(c);
    bool running;
    FV_TRY(fv_query_begin(c, running_sql, &query));
    fv_bind_int(query, id);
    fv_bind_int(query, now);
    fv_bind_int(query, now + FV_LEASE_MS_MAX);
    FV_TRY(fv_query_next(query, &running));
    if (!running) return NULL;
    const char *run = fv_column_text(query), *holder = fv_column_text(query);
    return fv_error_hint(fv_fail(FV_BUSY, "the run %.8s of the experiment %s is being written by %s", run, name, holder),
                         "`fovea runs stop` asks it to end");
}

static fv_error *set_stage(fv_connection *c, void *context) {
    const change *o = context;
    row found;
    FV_TRY(must_find(c, o->name, &found));
    if (found.deleted != o->back) return NULL;
    if (!o->back && found.id == DEFAULT_ID)
        return fv_error_hint(fv_fail(FV_CONFLICT, "the experiment %s is not deleted", o->name),
                             "runs that name no experiment go there; `fovea runs delete` deletes them");
    if (!o->back) FV_TRY(check_idle(c, o->name, found.id));
    FV_TRY(set(c, set_stage_sql, o->back ? "active" : "deleted", found.id));
    return tell(c, o->back ? "experiment.restore" : "experiment.delete", o->name);
}

fv_error *fv_experiment_delete(fv_registry *registry, const char *name) {
    return fv_registry_write(registry, set_stage, &(change){ .name = name });
}

fv_error *fv_experiment_restore(fv_registry *registry, const char *name) {
    return fv_registry_write(registry, set_stage, &(change){ .name = name, .back = true });
}

/* ---- listing ---- */

static fv_error *read_row(fv_query *query, fv_arena *arena, void *place) {
    struct fv_experiment *out = place;
    out->id = fv_column_int(query);
    FV_TRY(fv_column_keep(query, arena, &out->name));
    FV_TRY(fv_column_keep(query, arena, &out->description));
    out->deleted = fv_column_int(query);
    out->created_ms = fv_column_int(query);
    out->updated_ms = fv_column_int(query);
    out->runs = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *deleted_too, fv_query **query) {
    FV_TRY(fv_query_begin(c, list_sql, query));
    fv_bind_int(*query, *(const bool *)deleted_too);
    return NULL;
}

fv_error *fv_experiments_list(fv_registry *registry, bool deleted_too, fv_experiment_list *out) {
    fv_rows rows;
    *out = (fv_experiment_list){ 0 };
    FV_TRY(fv_rows_ask(
        registry, &(fv_rows_question){ "a list of experiments", begin_list, &deleted_too, read_row, sizeof *out->at }, &rows));
    *out = (fv_experiment_list){ .at = rows.at, .count = rows.count, .memory = rows.memory };
    return NULL;
}

void fv_experiment_list_release(fv_experiment_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_experiment_list){ 0 };
}
