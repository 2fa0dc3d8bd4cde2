/* audit_chain.c - hashes of rows, and the two files beside the database. */
#include "registry/audit_chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/text.h"

#define HASH_BYTES ((FV_DIGEST_LETTERS - 1) / 2)

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
    return fv_file_read(path.at, 4096, (uint8_t **)text, &length);
}

/* For its owner alone, from the first instant. */
static fv_error *write_secret(fv_new_file *file, const char *text) {
    if (fchmod(file->file, 0600) < 0) return fv_file_refused(errno, "protect", file->path);
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

fv_error *fv_audit_read_key(const char *folder, fv_audit_key *key, bool *found) {
    char *text;
    size_t length = 0;
    FV_TRY(read_beside(folder, "key", &text));
    *found = text != NULL;
    if (!text) return NULL;
    bool whole = strlen(text) == 2 * sizeof key->bytes + 1 && text[2 * sizeof key->bytes] == '\n' &&
                 sodium_hex2bin(key->bytes, sizeof key->bytes, text, 2 * sizeof key->bytes, NULL, &length, NULL) == 0 &&
                 length == sizeof key->bytes;
    sodium_memzero(text, strlen(text));
    fv_string_free(text);
    return whole ? NULL : fv_fail(FV_FORMAT, "%s/audit.key is no key", folder);
}

fv_error *fv_audit_read_head(const char *folder, const fv_audit_key *key, fv_audit_head *head, bool *found) {
    char *text, seal[FV_MAC_LETTERS] = "", wanted[FV_MAC_LETTERS];
    long long rows = 0;
    *head = (fv_audit_head){ 0 };
    FV_TRY(read_beside(folder, "head", &text));
    *found = text != NULL;
    if (!text) return NULL;
    int read = sscanf(text, "%lld %64s %64s", &rows, head->mac, seal);
    fv_string_free(text);
    head->rows = rows;
    seal_of(key, head, wanted);
    if (read == 3 && strlen(seal) == strlen(wanted) && !sodium_memcmp(seal, wanted, sizeof wanted)) return NULL;
    return fv_fail(FV_FORMAT, "%s/audit.head is not as it was written", folder);
}

fv_error *fv_audit_write_head(const char *folder, const fv_audit_key *key, const fv_audit_head *head) {
    FV_TEXT(text, 256);
    char seal[FV_MAC_LETTERS];
    seal_of(key, head, seal);
    fv_text_addf(&text, "%lld %s %s\n", (long long)head->rows, head->mac, seal);
    FV_TRY(fv_text_error(&text));
    return write_beside(folder, "head", text.at);
}

fv_error *fv_audit_make_key(const char *folder, const fv_audit_head *head, const fv_audit_key *key) {
    char text[2 * sizeof key->bytes + 2];
    sodium_bin2hex(text, sizeof text, key->bytes, sizeof key->bytes);
    memcpy(text + 2 * sizeof key->bytes, "\n", 2);
    FV_TRY(fv_audit_write_head(folder, key, head));
    fv_error *error = write_beside(folder, "key", text);
    sodium_memzero(text, sizeof text);
    return error;
}

fv_error *fv_audit_key_is_gone(const char *folder) {
    return fv_error_hint(
        fv_fail(FV_NOT_FOUND, "%s/audit.key is gone: the audit log can be neither proven nor added to", folder),
        "bring the file back from a backup; without one, `fovea registry verify --restart` begins a new chain "
        "behind the rows that are there");
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
