/* run_files.c - files that belong to a run, in the object store, under a path of their own. */
#include <string.h>

#include "fovea/objects.h"
#include "fovea/runs.h"
#include "registry/names.h"
#include "registry/rows.h"
#include "registry/run_state.h"

static const char keep_sql[] =
    "INSERT INTO artifact (run_id, path, digest, media_type, created_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET digest = excluded.digest, media_type = excluded.media_type, created_ms = excluded.created_ms";
static const char list_sql[] = "SELECT a.path, a.digest, a.media_type, o.size FROM artifact AS a"
                               " JOIN object AS o ON o.digest = a.digest WHERE a.run_id = ? ORDER BY a.path";

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
    fv_bind_text_or(query, k->media_type, "");
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

static fv_error *read_file(fv_query *query, fv_arena *arena, void *row) {
    struct fv_run_file *out = row;
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->path));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->digest));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->media_type));
    out->size = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *id, fv_query **query) {
    return fv_run_query_begin(c, list_sql, id, query);
}

fv_error *fv_run_list_files(fv_registry *registry, const char *id, fv_run_files *out) {
    fv_rows rows;
    *out = (fv_run_files){ 0 };
    FV_TRY(
        fv_rows_ask(registry, &(fv_rows_question){ "the files of a run", begin_list, id, read_file, sizeof *out->at }, &rows));
    *out = (fv_run_files){ .at = rows.at, .count = rows.count, .memory = rows.memory };
    return NULL;
}

void fv_run_files_release(fv_run_files *files) {
    fv_arena_free(files->memory);
    *files = (fv_run_files){ 0 };
}
