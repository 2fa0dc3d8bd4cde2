/* models.c - models: names that versions are kept under. */
#include "registry/models.h"

#include <string.h>

#include "core/base/text.h"
#include "fovea/versions.h"
#include "registry/audit.h"
#include "registry/names.h"
#include "registry/rows.h"

static const char by_name[] = "SELECT id, stage = 'deleted' FROM model WHERE name = ?";
static const char make[] = "INSERT INTO model (name, description, created_ms, updated_ms) VALUES (?, ?, ?, ?)";
static const char touch[] = "UPDATE model SET updated_ms = ? WHERE id = ?";
static const char set_stage[] = "UPDATE model SET stage = ?, updated_ms = ? WHERE id = ?";
static const char describe_model[] = "UPDATE model SET description = ? WHERE id = ?";
static const char describe_version[] = "UPDATE version SET description = ? WHERE id = ?";
static const char tag_model[] = "INSERT INTO model_tag (model_id, key, value) VALUES (?, ?, ?) "
                                "ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value";
static const char tag_version[] = "INSERT INTO version_tag (version_id, key, value) VALUES (?, ?, ?) "
                                  "ON CONFLICT (version_id, key) DO UPDATE SET value = excluded.value";
static const char untag_model[] = "DELETE FROM model_tag WHERE model_id = ? AND key = ?";
static const char untag_version[] = "DELETE FROM version_tag WHERE version_id = ? AND key = ?";
static const char list[] = "SELECT id, name, description, stage = 'deleted', created_ms, updated_ms,"
                           " (SELECT count(*) FROM version WHERE model_id = model.id AND stage = 'active'),"
                           " (SELECT coalesce(max(number), 0) FROM version WHERE model_id = model.id AND stage = 'active') "
                           "FROM model WHERE (?1 IS NULL AND (?2 OR stage = 'active')) OR name = ?1 ORDER BY name";
static const char list_aliases[] = "SELECT alias.name, number, set_ms FROM alias JOIN version ON version.id = version_id "
                                   "WHERE alias.model_id = ? ORDER BY alias.name";
static const char list_tags[] = "SELECT key, value FROM model_tag WHERE model_id = ? ORDER BY key";

#define TEXT_BYTES_MAX 100000

/* ---- inside ---- */

fv_error *fv_model_lookup(fv_connection *c, const char *name, int64_t *id, bool *deleted) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    *id = 0;
    *deleted = false;
    FV_TRY(fv_query_begin(c, by_name, &query));
    fv_bind_text(query, name);
    FV_TRY(fv_query_next(query, &row));
    if (row) *id = fv_column_int(query), *deleted = fv_column_int(query);
    return NULL;
}

fv_error *fv_model_need(fv_connection *c, const char *name, int64_t *id) {
    bool deleted;
    FV_TRY(fv_model_lookup(c, name, id, &deleted));
    if (deleted)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "model %s is deleted", name),
                             "`fovea models restore` brings it back, with its versions");
    if (*id) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no model %s", name), "`fovea models list` lists them");
}

fv_error *fv_model_touch(fv_connection *c, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, touch, &query));
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, id);
    return fv_query_run(query);
}

fv_error *fv_model_audit(fv_connection *c, const char *action, const char *model, int64_t number, const char *details) {
    FV_TEXT(subject, 1024);
    fv_text_addf(&subject, "models/%s", model);
    if (number) fv_text_addf(&subject, "/%lld", (long long)number);
    FV_TRY(fv_text_error(&subject));
    return fv_audit_add(c, action, subject.at, details);
}

/* ---- changes ---- */

typedef struct change {
    fv_registry *registry;
    const char *model, *text, *key, *value, *stage;
    int64_t number; /* 0: of the model */
} change;

static fv_error *do_make(fv_connection *c, void *context) {
    const change *o = context;
    FV_OWNED(fv_query) query = NULL;
    int64_t id;
    bool deleted;
    FV_TRY(fv_model_lookup(c, o->model, &id, &deleted));
    if (id) return fv_fail(FV_CONFLICT, "there is a model %s already%s", o->model, deleted ? ", though deleted" : "");
    FV_TRY(fv_query_begin(c, make, &query));
    fv_bind_text(query, o->model);
    fv_bind_text_or(query, o->text, "");
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    return fv_model_audit(c, "model.make", o->model, 0, NULL);
}

fv_error *fv_models_make(fv_registry *registry, const char *name, const char *description) {
    FV_TRY(fv_model_name_check(name));
    return fv_registry_write(registry, do_make, &(change){ .registry = registry, .model = name, .text = description });
}

static fv_error *do_set_stage(fv_connection *c, void *context) {
    const change *o = context;
    FV_OWNED(fv_query) query = NULL;
    int64_t id;
    bool deleted, delete = strcmp(o->stage, "deleted") == 0;
    FV_TRY(fv_model_lookup(c, o->model, &id, &deleted));
    if (!id) return fv_model_need(c, o->model, &id);
    if (deleted == delete) return NULL;
    FV_TRY(fv_query_begin(c, set_stage, &query));
    fv_bind_text(query, o->stage);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, id);
    FV_TRY(fv_query_run(query));
    return fv_model_audit(c, delete ? "model.delete" : "model.restore", o->model, 0, NULL);
}

fv_error *fv_models_delete(fv_registry *registry, const char *name) {
    FV_TRY(fv_model_name_check(name));
    return fv_registry_write(registry, do_set_stage, &(change){ .registry = registry, .model = name, .stage = "deleted" });
}

fv_error *fv_models_restore(fv_registry *registry, const char *name) {
    FV_TRY(fv_model_name_check(name));
    return fv_registry_write(registry, do_set_stage, &(change){ .registry = registry, .model = name, .stage = "active" });
}

/* The row that a change is about, and its model, which is changed by that. */
static fv_error *find_subject(fv_connection *c, const change *o, int64_t *id) {
    fv_reference reference;
    int64_t model;
    FV_TRY(fv_model_need(c, o->model, &model));
    *id = model;
    if (o->number) {
        FV_TRY(fv_reference_of(o->model, o->number, &reference));
        FV_TRY(fv_version_need(c, &reference, id, NULL));
    }
    return fv_model_touch(c, model);
}

static fv_error *do_describe(fv_connection *c, void *context) {
    const change *o = context;
    FV_OWNED(fv_query) query = NULL;
    int64_t id;
    FV_TRY(find_subject(c, o, &id));
    FV_TRY(fv_query_begin(c, o->number ? describe_version : describe_model, &query));
    fv_bind_text(query, o->text);
    fv_bind_int(query, id);
    FV_TRY(fv_query_run(query));
    return fv_model_audit(c, "model.describe", o->model, o->number, NULL);
}

fv_error *fv_models_describe(fv_registry *registry, const char *model, int64_t number, const char *text) {
    FV_TRY(fv_model_name_check(model));
    if (strlen(text) > TEXT_BYTES_MAX) return fv_fail(FV_USAGE, "a description has at most %d bytes", TEXT_BYTES_MAX);
    change change = { .registry = registry, .model = model, .number = number, .text = text };
    return fv_registry_write(registry, do_describe, &change);
}

static fv_error *audit_tag(fv_connection *c, const fv_model_tag *tag) {
    FV_TEXT(details, 1 << 20);
    fv_text_add(&details, "{\"key\":");
    fv_text_add_json(&details, tag->key);
    fv_text_add(&details, ",\"value\":");
    if (tag->value)
        fv_text_add_json(&details, tag->value);
    else
        fv_text_add(&details, "null");
    fv_text_add(&details, "}");
    FV_TRY(fv_text_error(&details));
    return fv_model_audit(c, "model.tag", tag->model, tag->number, details.at);
}

fv_error *fv_model_set_tag(fv_connection *c, const fv_model_tag *tag) {
    FV_OWNED(fv_query) query = NULL;
    if (tag->value)
        FV_TRY(fv_query_begin(c, tag->number ? tag_version : tag_model, &query));
    else
        FV_TRY(fv_query_begin(c, tag->number ? untag_version : untag_model, &query));
    fv_bind_int(query, tag->row);
    fv_bind_text(query, tag->key);
    if (tag->value) fv_bind_text(query, tag->value);
    FV_TRY(fv_query_run(query));
    if (!tag->value && !fv_connection_changes(c)) return fv_fail(FV_NOT_FOUND, "%s has no tag %s", tag->model, tag->key);
    return audit_tag(c, tag);
}

static fv_error *do_tag(fv_connection *c, void *context) {
    const change *o = context;
    fv_model_tag tag = { .model = o->model, .number = o->number, .key = o->key, .value = o->value };
    FV_TRY(find_subject(c, o, &tag.row));
    return fv_model_set_tag(c, &tag);
}

fv_error *fv_model_check_tag(const char *key, const char *value) {
    FV_TRY(fv_name_check("the name of a tag", key));
    if (value && strlen(value) > TEXT_BYTES_MAX)
        return fv_fail(FV_USAGE, "the value of tag %s has more than %d bytes", key, TEXT_BYTES_MAX);
    return NULL;
}

fv_error *fv_models_tag(fv_registry *registry, const char *model, int64_t number, const char *key, const char *value) {
    FV_TRY(fv_model_name_check(model));
    FV_TRY(fv_model_check_tag(key, value));
    change change = { .registry = registry, .model = model, .number = number, .key = key, .value = value };
    return fv_registry_write(registry, do_tag, &change);
}

/* ---- reading ---- */

typedef struct search {
    const char *name;
    bool deleted_too;
    fv_arena *arena;
    fv_models_row *rows;
    int64_t *ids;
    int64_t count;
} search;

static fv_error *read_rows(fv_connection *c, search *s) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, list, &query));
    fv_bind_text(query, s->name);
    fv_bind_int(query, s->deleted_too);
    for (;; s->count++) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        FV_TRY(fv_room_for(s->arena, &s->rows, s->count));
        FV_TRY(fv_room_for(s->arena, &s->ids, s->count));
        fv_models_row *model = &s->rows[s->count];
        s->ids[s->count] = fv_column_int(query);
        FV_TRY(fv_column_keep(query, s->arena, &model->name));
        FV_TRY(fv_column_keep(query, s->arena, &model->description));
        model->deleted = fv_column_int(query);
        model->created_ms = fv_column_int(query);
        model->updated_ms = fv_column_int(query);
        model->versions = fv_column_int(query);
        model->newest = fv_column_int(query);
    }
}

static fv_error *read_alias(fv_query *query, fv_arena *arena, void *row) {
    fv_alias_row *alias = row;
    FV_TRY(fv_column_keep(query, arena, &alias->name));
    alias->number = fv_column_int(query);
    alias->set_ms = fv_column_int(query);
    return NULL;
}

static fv_error *read_aliases(fv_connection *c, int64_t id, fv_arena *arena, fv_models_row *model) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, list_aliases, &query));
    fv_bind_int(query, id);
    return fv_rows_read(query, arena, read_alias, (fv_alias_row **)&model->aliases, &model->alias_count);
}

static fv_error *read_tags(fv_connection *c, int64_t id, fv_arena *arena, fv_models_row *model) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, list_tags, &query));
    fv_bind_int(query, id);
    return fv_rows_key_values(query, arena, &model->tags, &model->tag_count);
}

static fv_error *do_find(fv_connection *c, void *context) {
    search *s = context;
    FV_TRY(read_rows(c, s));
    for (int64_t i = 0; i < s->count; i++) {
        FV_TRY(read_aliases(c, s->ids[i], s->arena, &s->rows[i]));
        FV_TRY(read_tags(c, s->ids[i], s->arena, &s->rows[i]));
    }
    int64_t none;
    return s->name && !s->count ? fv_model_need(c, s->name, &none) : NULL;
}

fv_error *fv_models_find(fv_registry *registry, const char *name, bool deleted_too, fv_models_list *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_models_list){ 0 };
    if (name) FV_TRY(fv_model_name_check(name));
    FV_TRY(fv_arena_new("a list of models", FV_ROWS_BYTES_MAX, &arena));
    search search = { .name = name, .deleted_too = deleted_too, .arena = arena };
    FV_TRY(fv_registry_read(registry, do_find, &search));
    *out = (fv_models_list){ search.rows, search.count, fv_take(&arena) };
    return NULL;
}

void fv_models_list_release(fv_models_list *list_) {
    fv_arena_free(list_->memory);
    *list_ = (fv_models_list){ 0 };
}
