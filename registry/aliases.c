/* aliases.c - names that point to a version and are moved; every decision about one, and the way back along them. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "fovea/versions.h"
#include "registry/audit.h"
#include "registry/models.h"
#include "registry/rows.h"

static const char target[] = "SELECT number FROM alias JOIN version ON version.id = version_id "
                             "WHERE alias.model_id = ? AND alias.name = ?";
static const char set[] =
    "INSERT INTO alias (model_id, name, version_id, set_ms) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (model_id, name) DO UPDATE SET version_id = excluded.version_id, set_ms = excluded.set_ms";
static const char unset[] = "DELETE FROM alias WHERE model_id = ? AND name = ?";
static const char write_down[] =
    "INSERT INTO promotion (model_id, alias, version, previous, verb, taken, reasons, actor, decided_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
static const char taken_ones[] = "SELECT version, verb = 'rollback' FROM promotion "
                                 "WHERE model_id = ? AND alias = ? AND taken AND version <> 0 ORDER BY id";
static const char is_there[] = "SELECT 1 FROM version WHERE model_id = ? AND number = ? AND stage = 'active'";
static const char list[] = "SELECT alias, version, previous, verb, taken, reasons, actor, decided_ms FROM promotion "
                           "WHERE model_id = ?1 AND (?2 IS NULL OR alias = ?2) ORDER BY id DESC LIMIT ?3";

static const char *const verbs[] = { "promote", "rollback", "set", "remove" };

const char *fv_alias_verb_name(fv_alias_verb verb) { return verbs[verb]; }

static fv_alias_verb verb_of(const char *name) {
    int verb = 0;
    while (verb < FV_ALIAS_REMOVE && strcmp(verbs[verb], name) != 0) verb++;
    return (fv_alias_verb)verb;
}

/* ---- inside ---- */

fv_error *fv_alias_target(fv_connection *c, int64_t model, const char *alias, int64_t *number) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, target, &query));
    fv_bind_int(query, model);
    fv_bind_text(query, alias);
    FV_TRY(fv_query_next(query, &row));
    *number = row ? fv_column_int(query) : 0;
    return NULL;
}

/* A decision, and who takes it; of a rollback with room for what is found while it is. */
typedef struct deciding {
    fv_alias_decision decision;
    const char *actor;
    int64_t model;
} deciding;

static fv_error *move_alias(fv_connection *c, const deciding *d, int64_t version) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, version ? set : unset, &query));
    fv_bind_int(query, d->model);
    fv_bind_text(query, d->decision.alias);
    if (version) fv_bind_int(query, version);
    if (version) fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    return fv_model_touch(c, d->model);
}

static fv_error *audit_decision(fv_connection *c, const fv_alias_decision *o) {
    FV_TEXT(action, 64);
    FV_TEXT(subject, 1024);
    FV_TEXT(details, 1 << 24);
    fv_text_addf(&action, "alias.%s", verbs[o->verb]);
    fv_text_addf(&subject, "models/%s@%s", o->model, o->alias);
    fv_text_addf(&details, "{\"version\":%lld,\"previous\":%lld,\"taken\":%s,\"reasons\":%s}", (long long)o->version,
                 (long long)o->incumbent, o->taken ? "true" : "false", o->reasons);
    fv_error *error = fv_text_error(&action);
    if (!error) error = fv_text_error(&subject);
    if (!error) error = fv_text_error(&details);
    return error ? error : fv_audit_add(c, action.at, subject.at, details.at);
}

static fv_error *write_decision(fv_connection *c, const deciding *d) {
    const fv_alias_decision *o = &d->decision;
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, write_down, &query));
    fv_bind_int(query, d->model);
    fv_bind_text(query, o->alias);
    fv_bind_int(query, o->version);
    fv_bind_int(query, o->incumbent);
    fv_bind_text(query, verbs[o->verb]);
    fv_bind_int(query, o->taken);
    fv_bind_text(query, o->reasons);
    fv_bind_text(query, d->actor);
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    return audit_decision(c, o);
}

static fv_error *say_moved(const fv_alias_decision *o, int64_t now) {
    fv_error *error =
        now ? fv_fail(FV_CONFLICT, "%s@%s has been moved to version %lld meanwhile", o->model, o->alias, (long long)now)
            : fv_fail(FV_CONFLICT, "%s@%s has been removed meanwhile", o->model, o->alias);
    return fv_error_hint(error, "the decision was made against another version: decide again");
}

/* ---- deciding ---- */

static fv_error *check_reasons(const char *reasons) {
    json_error_t problem;
    json_t *tree;
    FV_TRY(fv_json_load(reasons, (int64_t)strlen(reasons), 0, &problem, &tree));
    bool fits = json_is_array(tree);
    json_decref(tree);
    return fits ? NULL : fv_fail(FV_USAGE, "the reasons of a decision are a JSON array, not %s", reasons);
}

static fv_error *do_decide(fv_connection *c, void *context) {
    deciding *d = context;
    const fv_alias_decision *o = &d->decision;
    fv_reference reference;
    int64_t version = 0, now;
    FV_TRY(fv_model_need(c, o->model, &d->model));
    if (o->version) {
        FV_TRY(fv_reference_of(o->model, o->version, &reference));
        FV_TRY(fv_version_need(c, &reference, &version, NULL));
    }
    FV_TRY(fv_alias_target(c, d->model, o->alias, &now));
    if (o->taken && now != o->incumbent) return say_moved(o, now);
    if (o->taken) FV_TRY(move_alias(c, d, version));
    return write_decision(c, d);
}

fv_error *fv_alias_decide(fv_registry *registry, const fv_alias_decision *decision) {
    deciding deciding = { .decision = *decision, .actor = fv_registry_actor(registry) };
    FV_TRY(fv_model_name_check(decision->model));
    FV_TRY(fv_alias_name_check(decision->alias));
    FV_TRY(check_reasons(decision->reasons));
    return fv_registry_write(registry, do_decide, &deciding);
}

/* ---- going back ---- */

/* The versions that the alias pointed to, one after the other, without those that a rollback left. */
static fv_error *read_way(fv_connection *c, const deciding *d, fv_arena *arena, int64_t **way, int64_t *length) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, taken_ones, &query));
    fv_bind_int(query, d->model);
    fv_bind_text(query, d->decision.alias);
    *way = NULL;
    *length = 0;
    for (bool row;;) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        int64_t version = fv_column_int(query);
        bool back = fv_column_int(query);
        while (back && *length && (*way)[*length - 1] != version) --*length;
        if (*length && (*way)[*length - 1] == version) continue;
        FV_TRY(fv_room_for(arena, way, *length));
        (*way)[(*length)++] = version;
    }
}

static fv_error *can_go_to(fv_connection *c, const deciding *d, int64_t version, bool *there) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, is_there, &query));
    fv_bind_int(query, d->model);
    fv_bind_int(query, version);
    return fv_query_next(query, there);
}

static fv_error *find_way_back(fv_connection *c, deciding *d, fv_arena *arena) {
    fv_alias_decision *o = &d->decision;
    int64_t *way, length;
    bool there = false;
    FV_TRY(fv_alias_target(c, d->model, o->alias, &o->incumbent));
    FV_TRY(read_way(c, d, arena, &way, &length));
    for (; length && !there; length--) {
        o->version = way[length - 1];
        if (o->version != o->incumbent) FV_TRY(can_go_to(c, d, o->version, &there));
    }
    if (there) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "%s@%s has no earlier version to go back to", o->model, o->alias),
                         "`fovea models show` has every decision about it");
}

static fv_error *add_reason(const deciding *d, const char *reason, fv_text *out) {
    const fv_alias_decision *o = &d->decision;
    FV_TEXT(text, 1 << 20);
    fv_text_addf(&text, "back from version %lld to version %lld", (long long)o->incumbent, (long long)o->version);
    if (reason) fv_text_addf(&text, ": %s", reason);
    FV_TRY(fv_text_error(&text));
    fv_text_add(out, "[{\"name\":\"rollback\",\"passed\":true,\"text\":");
    fv_text_add_json(out, text.at);
    fv_text_add(out, ",\"numbers\":{}}]");
    return fv_text_error(out);
}

static fv_error *do_roll_back(fv_connection *c, void *context) {
    deciding *d = context;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TEXT(reasons, 1 << 22);
    fv_reference reference;
    int64_t version;
    const char *reason = d->decision.reasons;
    FV_TRY(fv_arena_new("decisions about an alias", FV_ROWS_BYTES_MAX, &arena));
    FV_TRY(fv_model_need(c, d->decision.model, &d->model));
    FV_TRY(find_way_back(c, d, arena));
    FV_TRY(fv_reference_of(d->decision.model, d->decision.version, &reference));
    FV_TRY(fv_version_need(c, &reference, &version, NULL));
    FV_TRY(add_reason(d, reason, &reasons));
    FV_TRY(move_alias(c, d, version));
    d->decision.reasons = reasons.at;
    fv_error *error = write_decision(c, d);
    d->decision.reasons = reason;
    return error;
}

fv_error *fv_alias_roll_back(fv_registry *registry, const char *model, const char *alias, const char *reason, int64_t *number) {
    deciding deciding = { .actor = fv_registry_actor(registry) };
    deciding.decision = (fv_alias_decision){ model, alias, .verb = FV_ALIAS_ROLLBACK, .taken = true, .reasons = reason };
    FV_TRY(fv_model_name_check(model));
    FV_TRY(fv_alias_name_check(alias));
    FV_TRY(fv_registry_write(registry, do_roll_back, &deciding));
    *number = deciding.decision.version;
    return NULL;
}

/* ---- reading ---- */

typedef struct question {
    const char *model, *alias;
    int64_t number, most;
} question;

static fv_error *do_get(fv_connection *c, void *context) {
    question *q = context;
    int64_t model;
    FV_TRY(fv_model_need(c, q->model, &model));
    return fv_alias_target(c, model, q->alias, &q->number);
}

fv_error *fv_alias_get(fv_registry *registry, const char *model, const char *alias, int64_t *number) {
    question question = { .model = model, .alias = alias };
    *number = 0;
    FV_TRY(fv_model_name_check(model));
    FV_TRY(fv_alias_name_check(alias));
    FV_TRY(fv_registry_read(registry, do_get, &question));
    *number = question.number;
    return NULL;
}

static fv_error *read_decision(fv_query *query, fv_arena *arena, void *row) {
    struct fv_promotion *p = row;
    FV_TRY(fv_column_keep(query, arena, &p->alias));
    p->version = fv_column_int(query);
    p->previous = fv_column_int(query);
    p->verb = verb_of(fv_column_text(query));
    p->taken = fv_column_int(query);
    FV_TRY(fv_column_keep(query, arena, &p->reasons));
    FV_TRY(fv_column_keep(query, arena, &p->actor));
    p->decided_ms = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *context, fv_query **query) {
    const question *q = context;
    int64_t model;
    FV_TRY(fv_model_need(c, q->model, &model));
    FV_TRY(fv_query_begin(c, list, query));
    fv_bind_int(*query, model);
    fv_bind_text(*query, q->alias);
    fv_bind_int(*query, q->most ? q->most : -1);
    return NULL;
}

fv_error *fv_promotions_list(fv_registry *registry, const char *model, const char *alias, int64_t most,
                             fv_promotion_list *out) {
    question question = { .model = model, .alias = alias, .most = most };
    fv_rows rows;
    *out = (fv_promotion_list){ 0 };
    FV_TRY(fv_model_name_check(model));
    FV_TRY(fv_rows_ask(registry,
                       &(fv_rows_question){ "decisions about aliases", begin_list, &question, read_decision, sizeof *out->at },
                       &rows));
    *out = (fv_promotion_list){ rows.at, rows.count, rows.memory };
    return NULL;
}

void fv_promotion_list_release(fv_promotion_list *promotions) {
    fv_arena_free(promotions->memory);
    *promotions = (fv_promotion_list){ 0 };
}
