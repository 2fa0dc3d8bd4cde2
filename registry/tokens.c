/* tokens.c - tokens made, revoked, listed; and whether one opens a door. */
#include "fovea/tokens.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/names.h"
#include "registry/rows.h"

static const char insert_sql[] = "INSERT INTO token (name, hash, role, scope, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)"
                                 " ON CONFLICT (name) DO NOTHING";
static const char revoke_sql[] = "UPDATE token SET revoked_ms = ? WHERE name = ? AND revoked_ms IS NULL";
static const char is_there_sql[] = "SELECT 1 FROM token WHERE name = ?";
static const char list_sql[] = "SELECT name, hash, role, scope, created_ms, expires_ms, revoked_ms FROM token ORDER BY name";

#define SECRET_BYTES 32
#define SECRET_PREFIX "fovea_"
#define DAY_MS 86400000.0

static const char *const role_names[] = { "predict", "annotate", "read", "write", "admin" };

const char *fv_token_role_name(fv_token_role role) {
    FV_ASSERT((int)role >= 0 && (int)role < FV_COUNT(role_names));
    return role_names[role];
}

static void hash_secret(const char *secret, uint8_t hash[FV_TOKEN_HASH_BYTES]) {
    crypto_generichash(hash, FV_TOKEN_HASH_BYTES, (const uint8_t *)secret, strlen(secret), NULL, 0);
}

/* ---- making ---- */

static fv_error *check_scope(const char *scope) {
    const char *star = strchr(scope, '*');
    bool known = !strncmp(scope, "experiments/", 12) || !strncmp(scope, "models/", 7);
    bool named = known && *(strchr(scope, '/') + 1);
    if ((named || !strcmp(scope, "*")) && (!star || !star[1])) return fv_name_check("a scope", scope);
    return fv_error_hint(fv_fail(FV_USAGE, "\"%.300s\" is no scope", scope),
                         "*, experiments/NAME, models/NAME; with * at the end all names that begin so");
}

static fv_error *join_scopes(const fv_token_options *o, fv_text *out) {
    if (o->scope_count > FV_TOKEN_SCOPES_MAX) return fv_fail(FV_USAGE, "a token has at most %d scopes", FV_TOKEN_SCOPES_MAX);
    for (int64_t i = 0; i < o->scope_count; i++) {
        FV_TRY(check_scope(o->scopes[i]));
        fv_text_addf(out, "%s%s", i ? "\n" : "", o->scopes[i]);
    }
    if (!o->scope_count) fv_text_add(out, "*");
    return fv_text_error(out);
}

static void make_secret(char secret[FV_TOKEN_LETTERS]) {
    uint8_t bytes[SECRET_BYTES];
    size_t prefix = strlen(SECRET_PREFIX);
    randombytes_buf(bytes, sizeof bytes);
    memcpy(secret, SECRET_PREFIX, prefix);
    sodium_bin2base64(secret + prefix, FV_TOKEN_LETTERS - prefix, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

typedef struct creation {
    const fv_token_options *options;
    const char *scope, *secret;
} creation;

static fv_error *insert(fv_connection *c, const creation *k) {
    FV_OWNED(fv_query) query = NULL;
    uint8_t hash[FV_TOKEN_HASH_BYTES];
    char letters[2 * FV_TOKEN_HASH_BYTES + 1];
    const fv_token_options *o = k->options;
    hash_secret(k->secret, hash);
    sodium_bin2hex(letters, sizeof letters, hash, sizeof hash);
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    fv_bind_text(query, o->name);
    fv_bind_text(query, letters);
    fv_bind_text(query, role_names[o->role]);
    fv_bind_text(query, k->scope);
    fv_bind_int(query, fv_connection_now(c));
    if (o->days > 0)
        fv_bind_int(query, fv_connection_now(c) + (int64_t)(o->days * DAY_MS));
    else
        fv_bind_null(query);
    FV_TRY(fv_query_run(query));
    if (fv_connection_changes(c)) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "there is, or was, a token %s", o->name), "a name is given once; take another");
}

static fv_error *tell(fv_connection *c, const char *action, const char *name, const char *details) {
    FV_TEXT(subject, 1 << 12);
    fv_text_addf(&subject, "tokens/%s", name);
    FV_TRY(fv_text_error(&subject));
    return fv_audit_add(c, action, subject.at, details);
}

static fv_error *create(fv_connection *c, void *context) {
    const creation *k = context;
    FV_TEXT(details, 1 << 16);
    FV_TRY(insert(c, k));
    fv_text_addf(&details, "{\"role\":\"%s\",\"scope\":", role_names[k->options->role]);
    fv_text_add_json(&details, k->scope);
    fv_text_addf(&details, ",\"days\":");
    fv_text_add_number(&details, k->options->days);
    fv_text_add(&details, "}");
    FV_TRY(fv_text_error(&details));
    return tell(c, "token.create", k->options->name, details.at);
}

fv_error *fv_token_create(fv_registry *r, const fv_token_options *options, char secret[FV_TOKEN_LETTERS]) {
    FV_TEXT(scope, 1 << 16);
    char made[FV_TOKEN_LETTERS];
    FV_TRY(fv_name_check("the name of a token", options->name));
    FV_TRY(join_scopes(options, &scope));
    make_secret(made);
    FV_TRY(fv_registry_write(r, create, &(creation){ options, scope.at, made }));
    memcpy(secret, made, sizeof made);
    return NULL;
}

/* ---- revoking ---- */

static fv_error *revoke(fv_connection *c, void *context) {
    FV_OWNED(fv_query) change = NULL;
    FV_OWNED(fv_query) question = NULL;
    const char *name = context;
    bool there;
    FV_TRY(fv_query_begin(c, revoke_sql, &change));
    fv_bind_int(change, fv_connection_now(c));
    fv_bind_text(change, name);
    FV_TRY(fv_query_run(change));
    if (fv_connection_changes(c)) return tell(c, "token.revoke", name, NULL);
    FV_TRY(fv_query_begin(c, is_there_sql, &question));
    fv_bind_text(question, name);
    FV_TRY(fv_query_next(question, &there));
    return there ? NULL : fv_fail(FV_NOT_FOUND, "there is no token %s", name);
}

fv_error *fv_token_revoke(fv_registry *r, const char *name) { return fv_registry_write(r, revoke, (char *)name); }

/* ---- listing ---- */

static fv_token_role role_of(const char *name) {
    for (int role = 0; role < FV_COUNT(role_names); role++)
        if (!strcmp(role_names[role], name)) return role;
    return FV_MAY_PREDICT; /* the schema lets no other be */
}

static fv_error *read_token(fv_query *query, fv_arena *arena, void *row) {
    fv_token *out = row;
    size_t length = 0;
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->name));
    const char *hash = fv_column_text(query);
    FV_TRY(fv_connection_check(fv_query_connection(query)));
    if (sodium_hex2bin(out->hash, sizeof out->hash, hash, strlen(hash), NULL, &length, NULL) || length != sizeof out->hash)
        return fv_fail(FV_FORMAT, "the hash of token %s is damaged", out->name);
    out->role = role_of(fv_column_text(query));
    FV_TRY(fv_arena_text(arena, fv_column_text(query), &out->scope));
    out->created_ms = fv_column_int(query);
    out->expires_ms = fv_column_int(query);
    out->revoked_ms = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *context, fv_query **query) {
    (void)context;
    return fv_query_begin(c, list_sql, query);
}

fv_error *fv_tokens_list(fv_registry *r, fv_token_list *out) {
    fv_rows rows;
    *out = (fv_token_list){ 0 };
    FV_TRY(fv_rows_ask(r, &(fv_rows_question){ "tokens", begin_list, NULL, read_token, sizeof *out->at }, &rows));
    *out = (fv_token_list){ .at = rows.at, .count = rows.count, .memory = rows.memory };
    return NULL;
}

void fv_token_list_release(fv_token_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_token_list){ 0 };
}

/* ---- checking ---- */

/* One line of a scope; `length` of its letters. */
static bool reaches(const char *scope, size_t length, const char *subject) {
    if (length == 1 && *scope == '*') return true;
    if (!subject) return false;
    bool open = length && scope[length - 1] == '*';
    if (open) return !strncmp(scope, subject, length - 1);
    return strlen(subject) == length && !strncmp(scope, subject, length);
}

static bool in_scope(const char *scope, const char *subject) {
    for (const char *line = scope;;) {
        size_t length = strcspn(line, "\n");
        if (reaches(line, length, subject)) return true;
        if (!line[length]) return false;
        line += length + 1;
    }
}

/* Every token is compared, to its end. */
static const fv_token *find(const fv_token_list *tokens, const char *secret) {
    uint8_t hash[FV_TOKEN_HASH_BYTES];
    const fv_token *found = NULL;
    hash_secret(secret, hash);
    for (int64_t i = 0; i < tokens->count; i++)
        if (!sodium_memcmp(hash, tokens->at[i].hash, sizeof hash)) found = &tokens->at[i];
    return found;
}

/* Who only looks changes nothing: what is told of predictions decides what models are trained on. */
static bool role_reaches(fv_token_role has, fv_token_role needed) {
    return has >= needed && !(has == FV_MAY_READ && needed == FV_MAY_ANNOTATE);
}

fv_access fv_token_check(const fv_token_list *tokens, const fv_token_request *request, const fv_token **token) {
    const fv_token *found = request->secret ? find(tokens, request->secret) : NULL;
    if (token) *token = found;
    if (!tokens->count) return request->local ? FV_ACCESS_GIVEN : FV_ACCESS_UNKNOWN;
    if (!found) return FV_ACCESS_UNKNOWN;
    if (found->revoked_ms || (found->expires_ms && found->expires_ms <= request->now_ms)) return FV_ACCESS_OVER;
    bool reaches = role_reaches(found->role, request->role) && in_scope(found->scope, request->subject);
    return reaches ? FV_ACCESS_GIVEN : FV_ACCESS_FORBIDDEN;
}
