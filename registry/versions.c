/* versions.c - versions of models: added once, never changed. Licences are in licences.c, reading in version_rows.c. */
#include "fovea/versions.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "registry/licences.h"
#include "registry/models.h"
#include "registry/names.h"

static const char newest[] =
    "SELECT id, number FROM version WHERE model_id = ? AND stage = 'active' ORDER BY number DESC LIMIT 1";
static const char by_alias[] = "SELECT version.id, number, version.stage = 'deleted' FROM alias "
                               "JOIN version ON version.id = version_id WHERE alias.model_id = ? AND alias.name = ?";
static const char by_number[] = "SELECT id, number, stage = 'deleted' FROM version WHERE model_id = ? AND number = ?";
static const char by_digest[] = "SELECT id, number FROM version WHERE model_id = ? AND digest = ? AND stage = 'active' "
                                "ORDER BY number LIMIT 1";
static const char object_there[] = "SELECT 1 FROM object WHERE digest = ?";
static const char run_by_id[] = "SELECT id FROM run WHERE uuid = ?";
static const char make_model[] = "INSERT INTO model (name, created_ms, updated_ms) VALUES (?, ?, ?)";
static const char next_number[] =
    "UPDATE model SET last_number = last_number + 1, updated_ms = ? WHERE id = ? RETURNING last_number";
static const char insert[] = "INSERT INTO version (model_id, number, digest, run_id, parent_id, source, description, facts,"
                             " created_by, created_ms) VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?)";
static const char add_file[] = "INSERT OR IGNORE INTO version_file (version_id, path, digest) VALUES (?, ?, ?)";
static const char add_run[] = "INSERT OR IGNORE INTO lineage (from_kind, from_ref, relation, to_kind, to_ref, created_ms) "
                              "SELECT 'run', run.uuid, 'made', 'version', model.name || '/' || number, ?1 "
                              "FROM version JOIN model ON model.id = model_id, run "
                              "WHERE version.id = ?2 AND run.id = ?3 AND version.run_id IS NOT run.id";
static const char set_stage[] = "UPDATE version SET stage = ? WHERE id = ?";
static const char aliases_of[] = "SELECT name FROM alias WHERE version_id = ? ORDER BY name LIMIT 1";

/* ---- references ---- */

static fv_error *find(fv_connection *c, const char *sql, int64_t model, const fv_reference *r, int64_t *id, int64_t *number,
                      bool *deleted) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_int(query, model);
    if (sql == by_alias) fv_bind_text(query, r->alias);
    if (sql == by_number) fv_bind_int(query, r->number);
    FV_TRY(fv_query_next(query, &row));
    *id = *number = 0;
    *deleted = false;
    if (!row) return NULL;
    *id = fv_column_int(query);
    *number = fv_column_int(query);
    *deleted = sql != newest && fv_column_int(query);
    return NULL;
}

static fv_error *say_missing(const fv_reference *r) {
    if (r->number)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "model %s has no version %lld", r->model, (long long)r->number),
                             "`fovea models show` lists its versions");
    if (*r->alias)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "model %s has no alias %s", r->model, r->alias),
                             "`fovea models promote` sets it");
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "model %s has no versions", r->model), "`fovea models register` makes one");
}

fv_error *fv_version_need(fv_connection *c, const fv_reference *r, int64_t *id, int64_t *number) {
    int64_t model, found;
    bool deleted;
    FV_TRY(fv_model_need(c, r->model, &model));
    FV_TRY(find(c, r->number ? by_number : *r->alias ? by_alias : newest, model, r, id, &found, &deleted));
    if (!*id) return say_missing(r);
    if (deleted)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "version %lld of %s is deleted", (long long)found, r->model),
                             "`fovea models restore` brings it back");
    if (number) *number = found;
    return NULL;
}

/* ---- adding ---- */

typedef struct addition {
    const fv_version_options *options;
    const char *actor;
    fv_version_added *out;
} addition;

/* Where the statement gives no row 0. */
static fv_error *ask_by_text(fv_connection *c, const char *sql, const char *text, int64_t *out) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_text(query, text);
    FV_TRY(fv_query_next(query, &row));
    *out = row ? fv_column_int(query) : 0;
    return NULL;
}

static fv_error *find_or_make_model(fv_connection *c, const char *name, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    bool deleted;
    FV_TRY(fv_model_lookup(c, name, id, &deleted));
    if (deleted)
        return fv_error_hint(fv_fail(FV_CONFLICT, "model %s is deleted", name),
                             "`fovea models restore` brings it back, with its versions");
    if (*id) return NULL;
    FV_TRY(fv_query_begin(c, make_model, &query));
    fv_bind_text(query, name);
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return fv_model_audit(c, "model.make", name, 0, NULL);
}

/* The run and the version that it came from, 0 where none is named. */
static fv_error *find_origin(fv_connection *c, const fv_version_options *o, int64_t *run, int64_t *parent) {
    fv_reference reference;
    int64_t there;
    *run = *parent = 0;
    FV_TRY(ask_by_text(c, object_there, o->digest, &there));
    if (!there) return fv_fail(FV_NOT_FOUND, "there is no object %s", o->digest);
    if (o->run) FV_TRY(ask_by_text(c, run_by_id, o->run, run));
    if (o->run && !*run) return fv_fail(FV_NOT_FOUND, "there is no run %s", o->run);
    if (!o->parent) return NULL;
    FV_TRY(fv_reference_parse(o->parent, &reference));
    return fv_error_wrap(fv_version_need(c, &reference, parent, NULL), "the parent %s", o->parent);
}

static fv_error *find_existing(fv_connection *c, int64_t model, const char *digest, int64_t *id, int64_t *number) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, by_digest, &query));
    fv_bind_int(query, model);
    fv_bind_text(query, digest);
    FV_TRY(fv_query_next(query, &row));
    *id = row ? fv_column_int(query) : 0;
    *number = row ? fv_column_int(query) : 0;
    return NULL;
}

/* Equal runs make equal bytes: a second one made this version too. */
static fv_error *add_second_run(fv_connection *c, int64_t version, int64_t run) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, add_run, &query));
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, version);
    fv_bind_int(query, run);
    return fv_query_run(query);
}

static fv_error *take_number(fv_connection *c, int64_t model, int64_t *number) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, next_number, &query));
    fv_bind_int(query, fv_connection_now(c));
    fv_bind_int(query, model);
    FV_TRY(fv_query_next(query, &row));
    *number = fv_column_int(query);
    return fv_query_next(query, &row);
}

static fv_error *insert_version(fv_connection *c, const addition *a, int64_t model, int64_t run, int64_t parent, int64_t *id) {
    const fv_version_options *o = a->options;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(take_number(c, model, &a->out->number));
    FV_TRY(fv_query_begin(c, insert, &query));
    fv_bind_int(query, model);
    fv_bind_int(query, a->out->number);
    fv_bind_text(query, o->digest);
    fv_bind_int(query, run);
    fv_bind_int(query, parent);
    fv_bind_text(query, o->source ? o->source : "");
    fv_bind_text(query, o->description ? o->description : "");
    fv_bind_text(query, o->facts ? o->facts : "{}");
    fv_bind_text(query, a->actor);
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return NULL;
}

static fv_error *add_files(fv_connection *c, int64_t id, const fv_version_options *o) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, add_file, &query));
    for (int64_t i = 0; i < o->file_count; i++) {
        fv_bind_int(query, id);
        fv_bind_text(query, o->files[i].path);
        fv_bind_text(query, o->files[i].digest);
        FV_TRY(fv_error_wrap(fv_query_run(query), "file %s", o->files[i].path));
    }
    return NULL;
}

static fv_error *audit_addition(fv_connection *c, const addition *a) {
    FV_TEXT(details, 1 << 20);
    fv_text_add(&details, "{\"digest\":");
    fv_text_add_json(&details, a->options->digest);
    fv_text_add(&details, ",\"source\":");
    fv_text_add_json(&details, a->options->source ? a->options->source : "");
    fv_text_add(&details, "}");
    FV_TRY(fv_text_error(&details));
    return fv_model_audit(c, "version.add", a->options->model, a->out->number, details.at);
}

static fv_error *do_add(fv_connection *c, void *context) {
    addition *a = context;
    const fv_version_options *o = a->options;
    int64_t model, run, parent, id;
    *a->out = (fv_version_added){ 0 };
    FV_TRY(find_or_make_model(c, o->model, &model));
    FV_TRY(find_origin(c, o, &run, &parent));
    FV_TRY(find_existing(c, model, o->digest, &id, &a->out->number));
    a->out->existed = id;
    if (id) FV_TRY(add_second_run(c, id, run));
    if (id) return add_files(c, id, o);
    FV_TRY(insert_version(c, a, model, run, parent, &id));
    FV_TRY(add_files(c, id, o));
    FV_TRY(fv_licences_add(c, id, o->licences, o->licence_count));
    return audit_addition(c, a);
}

static fv_error *check_facts(const char *facts) {
    json_error_t problem;
    json_t *tree;
    if (!facts) return NULL;
    FV_TRY(fv_json_load(facts, (int64_t)strlen(facts), 0, &problem, &tree));
    bool fits = json_is_object(tree);
    json_decref(tree);
    return fits ? NULL : fv_fail(FV_USAGE, "the facts of a version are a JSON object, not %s", facts);
}

fv_error *fv_version_add(fv_registry *registry, const fv_version_options *options, fv_version_added *out) {
    FV_TRY(fv_model_name_check(options->model));
    FV_TRY(check_facts(options->facts));
    for (int64_t i = 0; i < options->file_count; i++)
        FV_TRY(fv_inner_path_check("the path of a version's file", options->files[i].path));
    addition addition = { options, fv_registry_actor(registry), out };
    return fv_registry_write(registry, do_add, &addition);
}

/* ---- deleting ---- */

typedef struct removal {
    const fv_reference *version;
    bool back;
} removal;

static fv_error *check_no_alias(fv_connection *c, const removal *r, int64_t id) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, aliases_of, &query));
    fv_bind_int(query, id);
    FV_TRY(fv_query_next(query, &row));
    if (!row) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "version %lld of %s is what %s@%s points to", (long long)r->version->number,
                                 r->version->model, r->version->model, fv_column_text(query)),
                         "move the alias first: `fovea models rollback`, `fovea models alias`");
}

static fv_error *do_remove(fv_connection *c, void *context) {
    const removal *r = context;
    FV_OWNED(fv_query) query = NULL;
    int64_t model, id, number;
    bool deleted;
    FV_TRY(fv_model_need(c, r->version->model, &model));
    FV_TRY(find(c, by_number, model, r->version, &id, &number, &deleted));
    if (!id) return say_missing(r->version);
    if (deleted != r->back) return NULL;
    if (!r->back) FV_TRY(check_no_alias(c, r, id));
    FV_TRY(fv_query_begin(c, set_stage, &query));
    fv_bind_text(query, r->back ? "active" : "deleted");
    fv_bind_int(query, id);
    FV_TRY(fv_query_run(query));
    FV_TRY(fv_model_touch(c, model));
    return fv_model_audit(c, r->back ? "version.restore" : "version.delete", r->version->model, number, NULL);
}

static fv_error *remove_or_restore(fv_registry *registry, const char *model, int64_t number, bool back) {
    fv_reference version;
    FV_TRY(fv_reference_of(model, number, &version));
    return fv_registry_write(registry, do_remove, &(removal){ &version, back });
}

fv_error *fv_version_delete(fv_registry *registry, const char *model, int64_t number) {
    return remove_or_restore(registry, model, number, false);
}

fv_error *fv_version_restore(fv_registry *registry, const char *model, int64_t number) {
    return remove_or_restore(registry, model, number, true);
}
