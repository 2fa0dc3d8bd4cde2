/* run_files.c - files that belong to a run, in the object store, under a path of their own. */
#include <string.h>

#include "core/base/arena.h"
#include "fovea/objects.h"
#include "fovea/runs.h"
#include "registry/database.h"
#include "registry/names.h"
#include "registry/room.h"
#include "registry/run_state.h"

static const char keep_sql[] =
    "INSERT INTO artifact (run_id, path, digest, media_type, created_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET digest = excluded.digest, media_type = excluded.media_type, created_ms = excluded.created_ms";
static const char list_sql[] = "SELECT a.path, a.digest, a.media_type, o.size FROM artifact AS a"
                               " JOIN object AS o ON o.digest = a.digest WHERE a.run_id = ? ORDER BY a.path";

#define LIST_BYTES_MAX (INT64_C(1) << 28)

/* ---- keeping ---- */

typedef struct keeping {
    const fv_run *run;
    const char *path, *digest, *media_type;
} keeping;

static fv_error *keep(fv_connection *c, void *context) {
    const keeping *k = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    FV_TRY(fv_run_hold(c, k->run, &state));
    FV_TRY(fv_query_begin(c, keep_sql, &query));
    fv_bind_int(query, state.row);
    fv_bind_text(query, k->path);
    fv_bind_text(query, k->digest);
    fv_bind_text(query, k->media_type ? k->media_type : "");
    fv_bind_int(query, fv_connection_now(c));
    return fv_query_run(query);
}

fv_error *fv_run_keep_file(fv_registry *registry, const fv_run *run, const char *path, const char *file,
                           const char *media_type) {
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(fv_inner_path_check("the path of a run's file", path)); /* who asks for it joins it to a folder */
    FV_TRY(fv_object_put_file(registry, file, digest));
    keeping k = { .run = run, .path = path, .digest = digest, .media_type = media_type };
    return fv_registry_write(registry, keep, &k);
}

/* ---- listing ---- */

typedef struct listing {
    const char *id;
    fv_arena *arena;
    struct fv_run_file *at;
    int64_t count;
} listing;

static fv_error *read_file(fv_query *query, fv_arena *arena, struct fv_run_file *out) {
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->path));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->digest));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->media_type));
    out->size = fv_column_int(query);
    return NULL;
}

static fv_error *list(fv_connection *c, void *context) {
    listing *l = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    FV_TRY(fv_run_look(c, l->id, &state));
    FV_TRY(fv_query_begin(c, list_sql, &query));
    fv_bind_int(query, state.row);
    for (bool row;;) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_for(l->arena, &l->at, l->count));
        FV_TRY(read_file(query, l->arena, &l->at[l->count++]));
    }
}

fv_error *fv_run_list_files(fv_registry *registry, const char *id, fv_run_files *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_run_files){ 0 };
    FV_TRY(fv_arena_new("the files of a run", LIST_BYTES_MAX, &arena));
    listing l = { .id = id, .arena = arena };
    FV_TRY(fv_registry_read(registry, list, &l));
    *out = (fv_run_files){ .at = l.at, .count = l.count, .memory = fv_take(&arena) };
    return NULL;
}

void fv_run_files_release(fv_run_files *files) {
    fv_arena_free(files->memory);
    *files = (fv_run_files){ 0 };
}
