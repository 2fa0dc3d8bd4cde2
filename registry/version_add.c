/* version_add.c - a version added, with all that hangs on it, in one transaction: never changed afterwards. A file that the
 * model has already is the version that it was, which gets what it lacks. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "fovea/versions.h"
#include "registry/licences.h"
#include "registry/lineage.h"
#include "registry/models.h"
#include "registry/names.h"
#include "registry/run_state.h"
#include "registry/store.h"

static const char by_digest[] = "SELECT id, number FROM version WHERE model_id = ? AND digest = ? AND stage = 'active' "
                                "ORDER BY number LIMIT 1";
static const char by_parent[] = "SELECT id FROM version WHERE digest = ? AND stage = 'active' ORDER BY id DESC LIMIT 1";
static const char make_model[] = "INSERT INTO model (name, created_ms, updated_ms) VALUES (?, ?, ?)";
static const char next_number[] =
    "UPDATE model SET last_number = last_number + 1, updated_ms = ? WHERE id = ? RETURNING last_number";
static const char insert[] = "INSERT INTO version (model_id, number, digest, run_id, parent_id, source, description, facts,"
                             " created_by, created_ms) VALUES (?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?)";
static const char add_run[] = "INSERT OR IGNORE INTO lineage (from_kind, from_ref, relation, to_kind, to_ref, created_ms) "
                              "SELECT 'run', run.uuid, 'made', 'version', model.name || '/' || number, ?1 "
                              "FROM version JOIN model ON model.id = model_id, run "
                              "WHERE version.id = ?2 AND run.id = ?3 AND version.run_id IS NOT run.id";
static const char file_of[] = "SELECT digest FROM version_file WHERE version_id = ? AND path = ?";
static const char add_file[] = "INSERT INTO version_file (version_id, path, digest) VALUES (?, ?, ?)";

/* ---- adding ---- */

typedef struct addition {
    const fv_version_options *options;
    const char *actor;
    fv_version_added *out;
} addition;

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

/* The newest version of a file, 0 where there is none. */
static fv_error *find_by_digest(fv_connection *c, const char *digest, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, by_parent, &query));
    fv_bind_text(query, digest);
    FV_TRY(fv_query_next(query, &row));
    *id = row ? fv_column_int(query) : 0;
    return NULL;
}

/* The run and the version that it came from, 0 where none is named. */
static fv_error *find_origin(fv_connection *c, const fv_version_options *o, int64_t *run, int64_t *parent) {
    fv_reference reference;
    fv_run_state found = { 0 };
    bool there;
    *run = *parent = 0;
    FV_TRY(fv_store_has(c, o->digest, &there));
    if (!there) return fv_fail(FV_NOT_FOUND, "there is no object %s", o->digest);
    if (o->run) FV_TRY(fv_run_look(c, o->run, &found));
    *run = found.row;
    if (!o->parent) return o->parent_digest ? find_by_digest(c, o->parent_digest, parent) : NULL;
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
    fv_bind_text_or(query, o->source, "");
    fv_bind_text_or(query, o->description, "");
    fv_bind_text_or(query, o->facts, "{}");
    fv_bind_text(query, a->actor);
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return NULL;
}

typedef enum has { HAS_NONE, HAS_SAME, HAS_OTHER } has;

static fv_error *look_for_file(fv_connection *c, int64_t version, const fv_version_file *file, has *out) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, file_of, &query));
    fv_bind_int(query, version);
    fv_bind_text(query, file->path);
    FV_TRY(fv_query_next(query, &row));
    *out = !row ? HAS_NONE : !strcmp(fv_column_text(query), file->digest) ? HAS_SAME : HAS_OTHER;
    return NULL;
}

static fv_error *insert_file(fv_connection *c, int64_t version, const fv_version_file *file) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, add_file, &query));
    fv_bind_int(query, version);
    fv_bind_text(query, file->path);
    fv_bind_text(query, file->digest);
    return fv_error_wrap(fv_query_run(query), "file %s", file->path);
}

/* Those that the version has no file of that path for; `added` for the audit log, as members of a JSON object. */
static fv_error *add_files(fv_connection *c, const addition *a, int64_t version, fv_text *added) {
    const fv_version_options *o = a->options;
    for (int64_t i = 0; i < o->file_count; i++) {
        const fv_version_file *file = &o->files[i];
        has found;
        FV_TRY(look_for_file(c, version, file, &found));
        if (found == HAS_OTHER && !a->out->existed)
            return fv_fail(FV_USAGE, "two files of a version are called %s", file->path);
        a->out->files_kept += found == HAS_OTHER;
        if (found != HAS_NONE) continue;
        FV_TRY(insert_file(c, version, file));
        fv_text_add(added, a->out->files_added++ ? "," : "");
        fv_text_add_json(added, file->path);
        fv_text_add(added, ":");
        fv_text_add_json(added, file->digest);
    }
    return fv_text_error(added);
}

static fv_error *add_tags(fv_connection *c, const addition *a, int64_t version) {
    const fv_version_options *o = a->options;
    fv_model_tag tag = { .model = o->model, .number = a->out->number, .row = version };
    for (int64_t i = 0; i < o->tag_count; i++) {
        tag.key = o->tags[i].key, tag.value = o->tags[i].value;
        FV_TRY(fv_model_set_tag(c, &tag));
    }
    return NULL;
}

static fv_error *add_edges(fv_connection *c, const addition *a) {
    FV_TEXT(self, 1024);
    fv_text_addf(&self, "%s/%lld", a->options->model, (long long)a->out->number);
    FV_TRY(fv_text_error(&self));
    for (int64_t i = 0; i < a->options->edge_count; i++) {
        fv_lineage_edge edge = a->options->edges[i];
        if (!edge.from) edge.from = self.at;
        if (!edge.to) edge.to = self.at;
        FV_TRY(fv_lineage_insert(c, &edge));
    }
    return NULL;
}

static fv_error *audit_addition(fv_connection *c, const addition *a, const char *files) {
    FV_TEXT(details, 1 << 20);
    fv_text_add(&details, "{");
    if (!a->out->existed) {
        fv_text_add(&details, "\"digest\":");
        fv_text_add_json(&details, a->options->digest);
        fv_text_add(&details, ",\"source\":");
        fv_text_add_json(&details, a->options->source ? a->options->source : "");
    }
    if (*files) fv_text_addf(&details, "%s\"files\":{%s}", a->out->existed ? "" : ",", files);
    fv_text_add(&details, "}");
    FV_TRY(fv_text_error(&details));
    return fv_model_audit(c, a->out->existed ? "version.add-files" : "version.add", a->options->model, a->out->number,
                          details.at);
}

static fv_error *do_add(fv_connection *c, void *context) {
    addition *a = context;
    const fv_version_options *o = a->options;
    int64_t model, run, parent, id;
    FV_TEXT(files, 1 << 20);
    *a->out = (fv_version_added){ 0 };
    FV_TRY(find_or_make_model(c, o->model, &model));
    FV_TRY(find_origin(c, o, &run, &parent));
    FV_TRY(find_existing(c, model, o->digest, &id, &a->out->number));
    a->out->existed = id;
    if (id)
        FV_TRY(add_second_run(c, id, run));
    else
        FV_TRY(insert_version(c, a, model, run, parent, &id));
    FV_TRY(add_files(c, a, id, &files));
    if (!a->out->existed) FV_TRY(fv_licences_add(c, id, o->licences, o->licence_count));
    if (!a->out->existed || a->out->files_added) FV_TRY(audit_addition(c, a, files.at));
    FV_TRY(add_tags(c, a, id));
    return add_edges(c, a);
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

/* An end that is the version itself has a name once it is added. */
static fv_error *check_edge(const fv_lineage_edge *edge) {
    fv_lineage_edge named = *edge;
    if (!named.from && !strcmp(edge->from_kind, "version")) named.from = "itself";
    if (!named.to && !strcmp(edge->to_kind, "version")) named.to = "itself";
    if (!named.from || !named.to) return fv_fail(FV_USAGE, "lineage: both ends have a name");
    return fv_lineage_check(&named);
}

fv_error *fv_version_add(fv_registry *registry, const fv_version_options *options, fv_version_added *out) {
    FV_TRY(fv_model_name_check(options->model));
    FV_TRY(check_facts(options->facts));
    for (int64_t i = 0; i < options->file_count; i++)
        FV_TRY(fv_inner_path_check("the path of a version's file", options->files[i].path));
    for (int64_t i = 0; i < options->tag_count; i++) FV_TRY(fv_model_check_tag(options->tags[i].key, options->tags[i].value));
    for (int64_t i = 0; i < options->edge_count; i++) FV_TRY(check_edge(&options->edges[i]));
    addition addition = { options, fv_registry_actor(registry), out };
    return fv_registry_write(registry, do_add, &addition);
}
