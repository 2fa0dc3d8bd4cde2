/* version_rows.c - versions read: the row, and what hangs on it. */
#include <string.h>

#include "fovea/versions.h"
#include "registry/models.h"
#include "registry/rows.h"

#define LIMIT 100

#define COLUMNS                                                                                                                \
    "SELECT version.id, model.name, version.number, version.digest, object.size, run.uuid, run.name,"                          \
    " elder.name || '/' || parent.number, version.source, version.description, version.facts, version.created_by,"             \
    " version.created_ms, version.stage = 'deleted' "                                                                          \
    "FROM version JOIN model ON model.id = version.model_id JOIN object ON object.digest = version.digest "                    \
    "LEFT JOIN run ON run.id = version.run_id LEFT JOIN version AS parent ON parent.id = version.parent_id "                   \
    "LEFT JOIN model AS elder ON elder.id = parent.model_id "
static const char one[] = COLUMNS "WHERE version.id = ?";
static const char page[] = COLUMNS "WHERE version.model_id = ? AND version.number < ? AND (? OR version.stage = 'active') "
                                   "ORDER BY version.number DESC LIMIT ?";
static const char aliases[] = "SELECT name FROM alias WHERE version_id = ? ORDER BY name";
static const char tags[] = "SELECT key, value FROM version_tag WHERE version_id = ? ORDER BY key";
static const char licences[] =
    "SELECT subject, licence, carried_from FROM version_licence WHERE version_id = ? ORDER BY carried_from, subject";
static const char files[] = "SELECT path, version_file.digest, size FROM version_file "
                            "JOIN object ON object.digest = version_file.digest WHERE version_id = ? ORDER BY path";

typedef struct search {
    const fv_reference *reference;    /* of one, or */
    const fv_versions_query *options; /* of many */
    fv_arena *arena;
    fv_version_row *rows;
    int64_t *ids;
    int64_t count;
} search;

static fv_error *read_row(fv_query *q, fv_arena *arena, fv_version_row *v) {
    FV_TRY(fv_column_keep(q, arena, &v->model));
    v->number = fv_column_int(q);
    FV_TRY(fv_column_keep(q, arena, &v->digest));
    v->size = fv_column_int(q);
    FV_TRY(fv_column_keep(q, arena, &v->run));
    FV_TRY(fv_column_keep(q, arena, &v->run_name));
    FV_TRY(fv_column_keep(q, arena, &v->parent));
    FV_TRY(fv_column_keep(q, arena, &v->source));
    FV_TRY(fv_column_keep(q, arena, &v->description));
    FV_TRY(fv_column_keep(q, arena, &v->facts));
    FV_TRY(fv_column_keep(q, arena, &v->created_by));
    v->created_ms = fv_column_int(q);
    v->deleted = fv_column_int(q);
    return NULL;
}

static fv_error *read_rows(fv_query *q, search *s) {
    for (bool row;; s->count++) {
        FV_TRY(fv_query_next(q, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_for(s->arena, &s->rows, s->count));
        FV_TRY(fv_room_for(s->arena, &s->ids, s->count));
        s->ids[s->count] = fv_column_int(q);
        FV_TRY(read_row(q, s->arena, &s->rows[s->count]));
    }
}

/* ---- what hangs on a row ---- */

static fv_error *begin(fv_connection *c, const char *sql, int64_t id, fv_query **out) {
    FV_TRY(fv_query_begin(c, sql, out));
    fv_bind_int(*out, id);
    return NULL;
}

static fv_error *read_alias(fv_query *q, fv_arena *arena, void *row) { return fv_column_keep(q, arena, row); }

static fv_error *read_aliases(fv_connection *c, int64_t id, fv_arena *arena, fv_version_row *v) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(begin(c, aliases, id, &q));
    return fv_rows_read(q, arena, read_alias, (const char ***)&v->aliases, &v->alias_count);
}

static fv_error *read_tags(fv_connection *c, int64_t id, fv_arena *arena, fv_version_row *v) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(begin(c, tags, id, &q));
    return fv_rows_key_values(q, arena, &v->tags, &v->tag_count);
}

static fv_error *read_licence(fv_query *q, fv_arena *arena, void *row) {
    fv_licence_of *licence = row;
    FV_TRY(fv_column_keep(q, arena, &licence->of));
    FV_TRY(fv_column_keep(q, arena, &licence->licence));
    return fv_column_keep(q, arena, &licence->from);
}

static fv_error *read_licences(fv_connection *c, int64_t id, fv_arena *arena, fv_version_row *v) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(begin(c, licences, id, &q));
    return fv_rows_read(q, arena, read_licence, (fv_licence_of **)&v->licences, &v->licence_count);
}

static fv_error *read_file(fv_query *q, fv_arena *arena, void *row) {
    fv_version_file *file = row;
    FV_TRY(fv_column_keep(q, arena, &file->path));
    FV_TRY(fv_column_keep(q, arena, &file->digest));
    file->size = fv_column_int(q);
    return NULL;
}

static fv_error *read_files(fv_connection *c, int64_t id, fv_arena *arena, fv_version_row *v) {
    FV_OWNED(fv_query) q = NULL;
    FV_TRY(begin(c, files, id, &q));
    return fv_rows_read(q, arena, read_file, (fv_version_file **)&v->files, &v->file_count);
}

/* ---- finding ---- */

static fv_error *read_page(fv_connection *c, search *s) {
    FV_OWNED(fv_query) q = NULL;
    int64_t model, id;
    if (s->options) {
        FV_TRY(fv_model_need(c, s->options->model, &model));
        FV_TRY(fv_query_begin(c, page, &q));
        fv_bind_int(q, model);
        fv_bind_int(q, s->options->before ? s->options->before : INT64_MAX);
        fv_bind_int(q, s->options->deleted_too);
        fv_bind_int(q, s->options->limit + 1);
    } else {
        FV_TRY(fv_version_need(c, s->reference, &id, NULL));
        FV_TRY(fv_query_begin(c, one, &q));
        fv_bind_int(q, id);
    }
    return read_rows(q, s);
}

static fv_error *do_read(fv_connection *c, void *context) {
    search *s = context;
    FV_TRY(read_page(c, s));
    for (int64_t i = 0; i < s->count; i++) {
        FV_TRY(read_aliases(c, s->ids[i], s->arena, &s->rows[i]));
        FV_TRY(read_tags(c, s->ids[i], s->arena, &s->rows[i]));
        FV_TRY(read_licences(c, s->ids[i], s->arena, &s->rows[i]));
        FV_TRY(read_files(c, s->ids[i], s->arena, &s->rows[i]));
    }
    return NULL;
}

fv_error *fv_version_find(fv_registry *registry, const char *reference, fv_version_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_reference parsed;
    *out = (fv_version_list){ 0 };
    FV_TRY(fv_reference_parse(reference, &parsed));
    FV_TRY(fv_arena_new("a version", FV_ROWS_BYTES_MAX, &arena));
    search search = { .reference = &parsed, .arena = arena };
    FV_TRY(fv_registry_read(registry, do_read, &search));
    *out = (fv_version_list){ search.rows, search.count, 0, fv_take(&arena) };
    return NULL;
}

fv_error *fv_versions_list(fv_registry *registry, const fv_versions_query *query, fv_version_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_versions_query options = *query;
    *out = (fv_version_list){ 0 };
    FV_TRY(fv_model_name_check(query->model));
    if (options.limit < 1) options.limit = LIMIT;
    FV_TRY(fv_arena_new("a list of versions", FV_ROWS_BYTES_MAX, &arena));
    search search = { .options = &options, .arena = arena };
    FV_TRY(fv_registry_read(registry, do_read, &search));
    bool more = search.count > options.limit;
    if (more) search.count = options.limit;
    *out = (fv_version_list){ search.rows, search.count, more ? search.rows[search.count - 1].number : 0, fv_take(&arena) };
    return NULL;
}

void fv_version_list_release(fv_version_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_version_list){ 0 };
}
