/* run_rows.c - what readers get of a run. */
#include "registry/run_rows.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "registry/experiments.h"
#include "registry/rows.h"
#include "registry/run_state.h"

static const char run_sql[] =
    "SELECT r.uuid, r.name, e.name, r.user, r.host, r.folder, coalesce(p.uuid, ''), r.seed_group, r.error, r.holder, r.kind,"
    " r.status, r.lease_ms, " FV_RUN_DELETED_SQL ", r.stop_asked, r.started_ms, r.ended_ms FROM run AS r"
    " JOIN experiment AS e ON e.id = r.experiment_id LEFT JOIN run AS p ON p.id = r.parent_id WHERE r.id = ?";
static const char params_sql[] = "SELECT key, value FROM param WHERE run_id = ? ORDER BY key";
static const char tags_sql[] = "SELECT key, value FROM run_tag WHERE run_id = ? ORDER BY key";
static const char metrics_sql[] = "SELECT k.name, s.count, s.direction, s.last, s.best, s.min, s.max, s.last_step, s.best_step,"
                                  " s.min_step, s.max_step FROM metric_summary AS s JOIN metric_key AS k ON k.id = s.key_id"
                                  " WHERE s.run_id = ? ORDER BY k.name";
static const char by_id_sql[] = "SELECT id, uuid FROM run WHERE uuid = ?";
static const char by_name_sql[] = "SELECT r.id, r.uuid FROM run AS r WHERE r.name = ? AND " FV_RUN_DELETED_SQL " = ?"
                                  " ORDER BY r.started_ms DESC, r.id DESC LIMIT 4";
static const char by_letters_sql[] = "SELECT id, uuid FROM run WHERE uuid >= ?1 AND uuid < ?1 || 'g' LIMIT 4";

#define LIST_BYTES_MAX (INT64_C(1) << 30)

/* ---- whole rows ---- */

static fv_run_kind kind_of(const char *name) {
    int kind = FV_RUN_TRAIN;
    while (kind < FV_RUN_OTHER && (!name || strcmp(fv_run_kind_name(kind), name) != 0)) kind++;
    return (fv_run_kind)kind;
}

static fv_error *read_run(fv_connection *c, int64_t row, fv_arena *arena, fv_run_row *out) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    const char **texts[] = { &out->id,     &out->name,   &out->experiment, &out->user,  &out->host,
                             &out->folder, &out->parent, &out->seed_group, &out->error, &out->holder };
    FV_TRY(fv_query_begin(c, run_sql, &query));
    fv_bind_int(query, row);
    FV_TRY(fv_query_next(query, &found));
    if (!found) return fv_fail(FV_BUG, "run %lld is gone", (long long)row);
    for (int i = 0; i < FV_COUNT(texts); i++) FV_TRY(fv_arena_text(arena, fv_column_text(query), texts[i]));
    out->kind = kind_of(fv_column_text(query));
    const char *status = fv_column_text(query);
    out->status = fv_run_status_of(status, fv_column_int(query), fv_connection_now(c));
    out->deleted = fv_column_int(query);
    out->stop_asked = fv_column_int(query);
    out->started_ms = fv_column_int(query);
    out->ended_ms = fv_column_int(query);
    return NULL;
}

static fv_error *begin(fv_connection *c, const char *sql, int64_t row, fv_query **query) {
    FV_TRY(fv_query_begin(c, sql, query));
    fv_bind_int(*query, row);
    return NULL;
}

static fv_error *read_pairs(fv_connection *c, const char *sql, int64_t row, fv_arena *arena, const fv_key_value **out,
                            int64_t *count) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(begin(c, sql, row, &query));
    return fv_rows_key_values(query, arena, out, count);
}

static fv_error *read_metric(fv_query *query, fv_arena *arena, void *row) {
    fv_metric_summary *out = row;
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->key));
    out->count = fv_column_int(query);
    out->direction = (int)fv_column_int(query);
    out->last = fv_column_number(query);
    out->best = fv_column_number(query);
    out->min = fv_column_number(query);
    out->max = fv_column_number(query);
    out->last_step = fv_column_int(query);
    out->best_step = fv_column_int(query);
    out->min_step = fv_column_int(query);
    out->max_step = fv_column_int(query);
    return NULL;
}

static fv_error *read_metrics(fv_connection *c, int64_t row, fv_arena *arena, fv_run_row *out) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(begin(c, metrics_sql, row, &query));
    return fv_rows_read(query, arena, read_metric, (fv_metric_summary **)&out->metrics, &out->metric_count);
}

fv_error *fv_run_rows_load(fv_connection *c, const int64_t *rows, int64_t count, fv_arena *arena, fv_run_row **out) {
    FV_TRY(fv_arena_take(arena, count, out));
    for (int64_t i = 0; i < count; i++) {
        fv_run_row *run = &(*out)[i];
        FV_TRY(read_run(c, rows[i], arena, run));
        FV_TRY(read_pairs(c, params_sql, rows[i], arena, &run->params, &run->param_count));
        FV_TRY(read_pairs(c, tags_sql, rows[i], arena, &run->tags, &run->tag_count));
        FV_TRY(read_metrics(c, rows[i], arena, run));
    }
    return NULL;
}

/* ---- one, by what people call it ---- */

typedef struct finding {
    const char *called;
    fv_arena *arena;
    fv_run_row *row;
} finding;

typedef struct candidates {
    int64_t count, row;
    char ids[64]; /* for the message when there are several */
} candidates;

static fv_error *collect(fv_connection *c, const char *sql, const char *called, bool deleted, candidates *out) {
    FV_OWNED(fv_query) query = NULL;
    size_t length = 0;
    *out = (candidates){ 0 };
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_text(query, called);
    if (sql == by_name_sql) fv_bind_int(query, deleted);
    for (;; out->count++) {
        bool found;
        FV_TRY(fv_query_next(query, &found));
        if (!found) return NULL;
        out->row = fv_column_int(query);
        length += (size_t)snprintf(out->ids + length, sizeof out->ids - length, "%s%.8s", out->count ? ", " : "",
                                   fv_column_text(query));
    }
}

/* The whole id goes before a name, and that before first letters. */
static fv_error *find_row(fv_connection *c, const char *called, candidates *out) {
    bool letters = *called && strspn(called, "0123456789abcdef") == strlen(called);
    FV_TRY(collect(c, by_id_sql, called, false, out));
    if (!out->count) FV_TRY(collect(c, by_name_sql, called, false, out));
    if (!out->count) FV_TRY(collect(c, by_name_sql, called, true, out));
    if (!out->count && letters) FV_TRY(collect(c, by_letters_sql, called, false, out));
    if (out->count > 1)
        return fv_error_hint(
            fv_fail(FV_CONFLICT, "several runs are called %s: %s%s", called, out->ids, out->count > 3 ? " and others" : ""),
            "name one by the first letters of its id");
    if (out->count) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no run %s", called), "`fovea runs list` shows those there are");
}

static fv_error *find(fv_connection *c, void *context) {
    finding *f = context;
    candidates found;
    FV_TRY(find_row(c, f->called, &found));
    return fv_run_rows_load(c, &found.row, 1, f->arena, &f->row);
}

fv_error *fv_run_find(fv_registry *registry, const char *id, fv_run_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_run_list){ 0 };
    FV_TRY(fv_arena_new("a run", LIST_BYTES_MAX, &arena));
    finding f = { .called = id, .arena = arena };
    FV_TRY(fv_registry_read(registry, find, &f));
    *out = (fv_run_list){ .rows = f.row, .count = 1, .memory = fv_take(&arena) };
    return NULL;
}

void fv_run_list_release(fv_run_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_run_list){ 0 };
}
