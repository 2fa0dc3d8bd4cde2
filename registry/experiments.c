/* experiments.c - names under which runs are kept; a / in one is a level of a tree. */
#include "registry/experiments.h"

#include "core/base/arena.h"
#include "fovea/runs.h"
#include "registry/database.h"
#include "registry/names.h"
#include "registry/room.h"

static const char by_name_sql[] = "SELECT id, stage = 'deleted' FROM experiment WHERE name = ?";
static const char insert_sql[] = "INSERT INTO experiment (name, created_ms, updated_ms) VALUES (?, ?, ?)";
static const char list_sql[] = "SELECT e.id, e.name, e.description, e.stage = 'deleted', e.created_ms, e.updated_ms,"
                               " (SELECT count(*) FROM run AS r WHERE r.experiment_id = e.id AND r.stage = 'active')"
                               " FROM experiment AS e WHERE e.stage = 'active' OR ? ORDER BY e.name";

#define LIST_BYTES_MAX (INT64_C(1) << 28)

static fv_error *find(fv_connection *c, const char *name, int64_t *id, bool *found) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, by_name_sql, &query));
    fv_bind_text(query, name);
    FV_TRY(fv_query_next(query, found));
    if (!*found) return NULL;
    *id = fv_column_int(query);
    bool deleted = fv_column_int(query);
    return deleted ? fv_fail(FV_CONFLICT, "the experiment %s is deleted", name) : NULL;
}

fv_error *fv_experiment_need(fv_connection *c, const char *name, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    if (!name) name = "Default";
    FV_TRY(fv_name_check("the name of an experiment", name));
    FV_TRY(find(c, name, id, &found));
    if (found) return NULL;
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    fv_bind_text(query, name);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return NULL;
}

/* ---- listing ---- */

typedef struct listing {
    bool deleted_too;
    fv_arena *arena;
    struct fv_experiment *at;
    int64_t count;
} listing;

static fv_error *read_row(fv_query *query, fv_arena *arena, struct fv_experiment *out) {
    out->id = fv_column_int(query);
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->name));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->description));
    out->deleted = fv_column_int(query);
    out->created_ms = fv_column_int(query);
    out->updated_ms = fv_column_int(query);
    out->runs = fv_column_int(query);
    return NULL;
}

static fv_error *list(fv_connection *c, void *context) {
    listing *l = context;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, list_sql, &query));
    fv_bind_int(query, l->deleted_too);
    for (bool row;;) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_for(l->arena, &l->at, l->count));
        FV_TRY(read_row(query, l->arena, &l->at[l->count++]));
    }
}

fv_error *fv_experiments_list(fv_registry *registry, bool deleted_too, fv_experiment_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_experiment_list){ 0 };
    FV_TRY(fv_arena_new("a list of experiments", LIST_BYTES_MAX, &arena));
    listing l = { .deleted_too = deleted_too, .arena = arena };
    FV_TRY(fv_registry_read(registry, list, &l));
    *out = (fv_experiment_list){ .at = l.at, .count = l.count, .memory = fv_take(&arena) };
    return NULL;
}

void fv_experiment_list_release(fv_experiment_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_experiment_list){ 0 };
}
