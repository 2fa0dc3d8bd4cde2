/* audit_chain.c - hashes of rows, and the two files beside the database. */
#include "registry/audit_chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "registry/group.h"

#define HASH_BYTES ((FV_DIGEST_LETTERS - 1) / 2)
#define KEY_LETTERS (2 * crypto_generichash_KEYBYTES)

static const char mac_sql[] = "SELECT mac FROM audit WHERE id = ?";
static const char last_sql[] = "SELECT id, mac FROM audit ORDER BY id DESC LIMIT 1";

/* ---- hashes ---- */

typedef crypto_generichash_state hash_state;

static void hash_begin(hash_state *hash, const fv_audit_key *key) {
    crypto_generichash_init(hash, key ? key->bytes : NULL, key ? sizeof key->bytes : 0, HASH_BYTES);
}

static void hash_end(hash_state *hash, char digest[FV_DIGEST_LETTERS]) {
    uint8_t bytes[HASH_BYTES];
    crypto_generichash_final(hash, bytes, sizeof bytes);
    sodium_bin2hex(digest, FV_DIGEST_LETTERS, bytes, sizeof bytes);
}

static void add_text(hash_state *hash, const char *text) {
    uint8_t length[8];
    uint64_t bytes = strlen(text);
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bytes >> (8 * i));
    crypto_generichash_update(hash, length, sizeof length);
    crypto_generichash_update(hash, (const uint8_t *)text, bytes);
}

static void add_number(hash_state *hash, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    add_text(hash, text);
}

static void add_row(hash_state *hash, const fv_audit_row *row) {
    add_number(hash, row->id);
    add_number(hash, row->time_ms);
    add_text(hash, row->actor);
    add_text(hash, row->action);
    add_text(hash, row->subject);
    add_text(hash, row->details);
}

void fv_audit_mac(const fv_audit_key *key, const char *previous, const fv_audit_row *row, char mac[FV_MAC_LETTERS]) {
    hash_state hash;
    hash_begin(&hash, key);
    add_text(&hash, previous);
    add_row(&hash, row);
    hash_end(&hash, mac);
}

void fv_audit_lump_begin(hash_state *lump) { hash_begin(lump, NULL); }

void fv_audit_lump_add(hash_state *lump, const fv_audit_row *row, const char *mac) {
    add_row(lump, row);
    add_text(lump, mac);
}

void fv_audit_lump_end(hash_state *lump, char digest[FV_DIGEST_LETTERS]) { hash_end(lump, digest); }

static void seal_of(const fv_audit_key *key, const fv_audit_head *head, char seal[FV_MAC_LETTERS]) {
    hash_state hash;
    hash_begin(&hash, key);
    add_text(&hash, "head");
    add_number(&hash, head->rows);
    add_text(&hash, head->mac);
    hash_end(&hash, seal);
}

/* ---- files ---- */

/* FOLDER/audit.NAME, whole; `*text` NULL: there is none. */
static fv_error *read_beside(const char *folder, const char *name, char **text) {
    FV_TEXT(path, 1 << 16);
    int64_t length;
    *text = NULL;
    fv_text_addf(&path, "%s/audit.%s", folder, name);
    FV_TRY(fv_text_error(&path));
    if (fv_file_kind_of(path.at) == FV_FILE_NONE) return NULL;
    fv_error *error = fv_file_read(path.at, 4096, (uint8_t **)text, &length);
    if (!error || fv_error_code(error) != FV_DENIED) return error;
    return fv_error_hint(error,
                         "of a workspace that several users share the folder is setgid and its group's to write, and this file "
                         "too (docs/registry-care.md)");
}

/* For its owner alone, or its group, from the first instant. */
static fv_error *write_secret(fv_new_file *file, const char *text) {
    bool shared;
    FV_TRY(fv_group_owns(file->path, &shared));
    if (fchmod(file->file, shared ? 0660 : 0600) < 0) return fv_file_refused(errno, "protect", file->path);
    FV_TRY(fv_new_file_add(file, text, (int64_t)strlen(text)));
    return fv_new_file_sync(file);
}

static fv_error *write_beside(const char *folder, const char *name, const char *text) {
    FV_TEXT(path, 1 << 16);
    fv_new_file file;
    fv_text_addf(&path, "%s/audit.%s", folder, name);
    FV_TRY(fv_text_error(&path));
    FV_TRY(fv_new_file_open(path.at, &file));
    fv_error *error = write_secret(&file, text);
    if (!error) error = fv_new_file_rename(&file, path.at);
    fv_new_file_release(&file);
    return error;
}

/* KEY and a line end at the beginning of a text. */
static bool parse_key(const char *text, fv_audit_key *key) {
    size_t length = 0;
    return strlen(text) > KEY_LETTERS && text[KEY_LETTERS] == '\n' &&
           sodium_hex2bin(key->bytes, sizeof key->bytes, text, KEY_LETTERS, NULL, &length, NULL) == 0 &&
           length == sizeof key->bytes;
}

static bool parse_head(const char *text, const fv_audit_key *key, fv_audit_head *head) {
    char seal[FV_MAC_LETTERS] = "", wanted[FV_MAC_LETTERS];
    long long rows = 0;
    *head = (fv_audit_head){ 0 };
    int read = sscanf(text, "%lld %64s %64s", &rows, head->mac, seal);
    head->rows = rows;
    seal_of(key, head, wanted);
    return read == 3 && strlen(seal) == strlen(wanted) && !sodium_memcmp(seal, wanted, sizeof wanted);
}

static void forget(char *text) {
    sodium_memzero(text, strlen(text));
    fv_string_free(text);
}

static fv_error *read_key(const char *folder, fv_audit_key *key, bool *found) {
    char *text;
    FV_TRY(read_beside(folder, "key", &text));
    *found = text != NULL;
    if (!text) return NULL;
    bool whole = parse_key(text, key) && !text[KEY_LETTERS + 1];
    forget(text);
    return whole ? NULL : fv_fail(FV_FORMAT, "%s/audit.key is no key", folder);
}

fv_error *fv_audit_read_head(const char *folder, const fv_audit_key *key, fv_audit_head *head, bool *found) {
    char *text;
    *head = (fv_audit_head){ 0 };
    FV_TRY(read_beside(folder, "head", &text));
    *found = text != NULL;
    if (!text) return NULL;
    bool whole = parse_head(text, key, head);
    fv_string_free(text);
    return whole ? NULL : fv_fail(FV_FORMAT, "%s/audit.head is not as it was written", folder);
}

static void print_head(const fv_audit_key *key, const fv_audit_head *head, fv_text *out) {
    char seal[FV_MAC_LETTERS];
    seal_of(key, head, seal);
    fv_text_addf(out, "%lld %s %s\n", (long long)head->rows, head->mac, seal);
}

fv_error *fv_audit_write_head(const char *folder, const fv_audit_key *key, const fv_audit_head *head) {
    FV_TEXT(text, 256);
    print_head(key, head, &text);
    FV_TRY(fv_text_error(&text));
    return write_beside(folder, "head", text.at);
}

/* With `head` NULL the key alone. */
static fv_error *write_key(const char *folder, const char *name, const fv_audit_key *key, const fv_audit_head *head) {
    char letters[KEY_LETTERS + 1];
    FV_TEXT(text, 512);
    sodium_bin2hex(letters, sizeof letters, key->bytes, sizeof key->bytes);
    fv_text_addf(&text, "%s\n", letters);
    if (head) print_head(key, head, &text);
    fv_error *error = fv_text_error(&text);
    if (!error) error = write_beside(folder, name, text.at);
    sodium_memzero(letters, sizeof letters);
    sodium_memzero(text.at, (size_t)text.length);
    return error;
}

fv_error *fv_audit_make_key(const char *folder, const fv_audit_head *head, const fv_audit_key *key) {
    FV_TRY(fv_audit_write_head(folder, key, head));
    return write_key(folder, "key", key, NULL);
}

fv_error *fv_audit_key_is_gone(const char *folder) {
    return fv_error_hint(
        fv_fail(FV_NOT_FOUND, "%s/audit.key is gone: the audit log can be neither proven nor added to", folder),
        "bring the file back from a backup; without one, `fovea registry verify --restart` begins a new chain "
        "behind the rows that are there");
}

/* ---- what is about to be ---- */

fv_error *fv_audit_has_head(fv_connection *c, const fv_audit_head *head, bool *out) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    *out = head->rows == 0;
    if (*out) return NULL;
    FV_TRY(fv_query_begin(c, mac_sql, &query));
    fv_bind_int(query, head->rows);
    FV_TRY(fv_query_next(query, &row));
    *out = row && !strcmp(fv_column_text(query), head->mac);
    return NULL;
}

/* `out->found` false: there is nothing. */
static fv_error *read_next(const char *folder, fv_audit_proof *out) {
    char *text;
    *out = (fv_audit_proof){ .is_next = true };
    FV_TRY(read_beside(folder, "next", &text));
    if (!text) return NULL;
    out->found = parse_key(text, &out->key) && parse_head(text + KEY_LETTERS + 1, &out->key, &out->head);
    forget(text);
    if (out->found) return NULL;
    return fv_error_hint(fv_fail(FV_FORMAT, "%s/audit.next is not as it was written", folder),
                         "`fovea registry verify --restart` begins a new chain behind the rows that are there");
}

/* A log without rows is what the head of none is of. */
static fv_error *is_in_force(fv_connection *c, const fv_audit_proof *next, bool *out) {
    fv_audit_head last;
    FV_TRY(fv_audit_last(c, &last));
    FV_TRY(fv_audit_has_head(c, &next->head, out));
    *out = *out && next->found && (next->head.rows || !last.rows);
    return NULL;
}

fv_error *fv_audit_find_key(fv_connection *c, const char *folder, fv_audit_proof *out) {
    bool in_force;
    FV_TRY(read_next(folder, out));
    FV_TRY(is_in_force(c, out, &in_force));
    if (in_force) return NULL;
    *out = (fv_audit_proof){ 0 };
    return read_key(folder, &out->key, &out->found);
}

fv_error *fv_audit_write_next(const char *folder, const fv_audit_head *head, const fv_audit_key *key) {
    return write_key(folder, "next", key, head);
}

static fv_error *remove_next(const char *folder) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/audit.next", folder);
    FV_TRY(fv_text_error(&path));
    return unlink(path.at) < 0 && errno != ENOENT ? fv_file_refused(errno, "remove", path.at) : NULL;
}

fv_error *fv_audit_put_next(const char *folder, const fv_audit_head *head, const fv_audit_key *key) {
    FV_TRY(fv_audit_make_key(folder, head, key));
    return remove_next(folder);
}

/* A head of the same key that proves more stays. */
static fv_error *choose_head(fv_connection *c, const char *folder, const fv_audit_proof *next, fv_audit_head *out) {
    fv_audit_head head;
    bool found, fits;
    FV_OWNED(fv_error) problem = fv_audit_read_head(folder, &next->key, &head, &found);
    *out = next->head;
    if (problem || !found || head.rows <= next->head.rows) return NULL; /* of the key before, as a rule */
    FV_TRY(fv_audit_has_head(c, &head, &fits));
    if (fits) *out = head;
    return NULL;
}

fv_error *fv_audit_settle(fv_connection *c, const char *folder) {
    fv_audit_proof next;
    fv_audit_head head;
    bool in_force;
    FV_TRY(read_next(folder, &next));
    if (!next.found) return NULL;
    FV_TRY(is_in_force(c, &next, &in_force));
    if (!in_force) return remove_next(folder);
    FV_TRY(choose_head(c, folder, &next, &head));
    fv_error *error = fv_audit_put_next(folder, &head, &next.key);
    sodium_memzero(&next, sizeof next);
    return error;
}

/* ---- rows ---- */

void fv_audit_read_row(fv_query *query, fv_audit_row *row, const char **mac) {
    row->id = fv_column_int(query);
    row->time_ms = fv_column_int(query);
    row->actor = fv_column_text(query);
    row->action = fv_column_text(query);
    row->subject = fv_column_text(query);
    row->details = fv_column_text(query);
    *mac = fv_column_text(query);
}

fv_error *fv_audit_last(fv_connection *c, fv_audit_head *out) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    *out = (fv_audit_head){ 0 };
    memcpy(out->mac, FV_AUDIT_FIRST_MAC, FV_MAC_LETTERS);
    FV_TRY(fv_query_begin(c, last_sql, &query));
    FV_TRY(fv_query_next(query, &row));
    if (!row) return NULL;
    out->rows = fv_column_int(query);
    snprintf(out->mac, sizeof out->mac, "%s", fv_column_text(query));
    return NULL;
}
