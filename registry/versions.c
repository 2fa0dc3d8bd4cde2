/* versions.c - versions of models: found, deleted, restored. Adding is in version_add.c, reading in version_rows.c. */
#include "fovea/versions.h"

#include <string.h>

#include "registry/models.h"

static const char newest[] =
    "SELECT id, number FROM version WHERE model_id = ? AND stage = 'active' ORDER BY number DESC LIMIT 1";
static const char by_alias[] = "SELECT version.id, number, version.stage = 'deleted' FROM alias "
                               "JOIN version ON version.id = version_id WHERE alias.model_id = ? AND alias.name = ?";
static const char by_number[] = "SELECT id, number, stage = 'deleted' FROM version WHERE model_id = ? AND number = ?";
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
