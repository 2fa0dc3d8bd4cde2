/* audit.c - the audit log written and read.
 *
 * A row is chained to the last one under the database's write lock, so all processes make one chain. audit.head follows once
 * the transaction is committed, and never goes back; a crash in between leaves it behind the rows, which proves nothing wrong.
 * It is not moved over rows that it does not fit: it is what proves that they were cut off. */
#include "registry/audit.h"

#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "registry/audit_chain.h"
#include "registry/care_work.h"

static const char insert_sql[] = "INSERT INTO audit (" FV_AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char rows_sql[] = "SELECT " FV_AUDIT_COLUMNS " FROM audit ORDER BY id";
static const char page_sql[] = "SELECT " FV_AUDIT_COLUMNS " FROM audit"
                               " WHERE id < ? ORDER BY id DESC LIMIT ?";

/* ---- the head ---- */

static fv_error *move_head(fv_connection *c, const char *folder) {
    fv_audit_proof proof;
    fv_audit_head head, last;
    bool found, fits;
    FV_TRY(fv_audit_settle(c, folder));
    FV_TRY(fv_audit_find_key(c, folder, &proof));
    if (!proof.found) return fv_audit_key_is_gone(folder);
    FV_TRY(fv_audit_last(c, &last));
    FV_TRY(fv_audit_read_head(folder, &proof.key, &head, &found));
    if (!found) return fv_fail(FV_NOT_FOUND, "%s/audit.head is gone", folder);
    if (head.rows >= last.rows) return NULL; /* another process was faster */
    FV_TRY(fv_audit_has_head(c, &head, &fits));
    if (!fits) return fv_fail(FV_CONFLICT, "row %lld of the audit log is not the one that was written", (long long)head.rows);
    return fv_audit_write_head(folder, &proof.key, &last);
}

/* One process at a time, so that the head never goes back. */
static fv_error *move_head_locked(fv_connection *c, const char *folder) {
    FV_OWNED(fv_error) error = fv_connection_begin(c, true);
    if (!error) error = move_head(c, folder);
    fv_connection_roll_back(c);
    return fv_take(&error);
}

/* What was done stands: this can only be said. */
static void after_commit(fv_connection *c, void *context) {
    (void)context;
    char text[1024];
    FV_OWNED(fv_error) error = move_head_locked(c, fv_registry_folder(fv_registry_of(c)));
    if (error)
        fv_log_warning("the end of the audit log is not proven (`fovea registry verify` says more): %s",
                       fv_error_format(error, text, sizeof text));
}

/* ---- writing ---- */

static fv_error *insert(fv_connection *c, const fv_audit_row *row, const char *mac) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, insert_sql, &query));
    fv_bind_int(query, row->id);
    fv_bind_int(query, row->time_ms);
    fv_bind_text(query, row->actor);
    fv_bind_text(query, row->action);
    fv_bind_text(query, row->subject);
    fv_bind_text(query, row->details);
    fv_bind_text(query, mac);
    FV_TRY(fv_query_run(query));
    fv_connection_after_commit(c, after_commit, NULL);
    return NULL;
}

/* The log without rows gets a key; one with rows had it. */
static fv_error *need_key(fv_connection *c, const char *folder, const fv_audit_head *last, fv_audit_key *key) {
    fv_audit_proof proof;
    FV_TRY(fv_audit_find_key(c, folder, &proof));
    *key = proof.key;
    if (proof.found) return NULL;
    if (last->rows) return fv_audit_key_is_gone(folder);
    randombytes_buf(key->bytes, sizeof key->bytes);
    return fv_audit_make_key(folder, last, key);
}

static fv_audit_row next_row(fv_connection *c, const fv_audit_head *last, const char *action, const char *subject) {
    return (fv_audit_row){ .id = last->rows + 1,
                           .time_ms = fv_connection_now(c),
                           .actor = fv_registry_actor(fv_registry_of(c)),
                           .action = action,
                           .subject = subject,
                           .details = "{}" };
}

fv_error *fv_audit_add(fv_connection *c, const char *action, const char *subject, const char *details) {
    fv_audit_key key;
    fv_audit_head last;
    char mac[FV_MAC_LETTERS];
    FV_TRY(fv_audit_last(c, &last));
    FV_TRY(need_key(c, fv_registry_folder(fv_registry_of(c)), &last, &key));
    fv_audit_row row = next_row(c, &last, action, subject);
    if (details) row.details = details;
    fv_audit_mac(&key, last.mac, &row, mac);
    sodium_memzero(&key, sizeof key);
    return insert(c, &row, mac);
}

/* ---- the restart ---- */

static fv_error *digest_of_all(fv_connection *c, char digest[FV_DIGEST_LETTERS]) {
    FV_OWNED(fv_query) query = NULL;
    crypto_generichash_state lump;
    fv_audit_lump_begin(&lump);
    FV_TRY(fv_query_begin(c, rows_sql, &query));
    for (;;) {
        fv_audit_row row;
        const char *mac;
        bool more;
        FV_TRY(fv_query_next(query, &more));
        if (!more) break;
        fv_audit_read_row(query, &row, &mac);
        fv_audit_lump_add(&lump, &row, mac);
    }
    fv_audit_lump_end(&lump, digest);
    return NULL;
}

/* The new key is beside the old one when the row is committed, and takes its place thereafter: cut off before, by a crash or by
 * another work that makes the commit fail, the old key is in force, and cut off behind it the new one. */
fv_error *fv_audit_restart(fv_connection *c) {
    fv_audit_key key;
    fv_audit_head last;
    char digest[FV_DIGEST_LETTERS];
    FV_TRY(digest_of_all(c, digest));
    FV_TRY(fv_audit_last(c, &last));
    fv_audit_row row = next_row(c, &last, FV_AUDIT_RESTART, digest);
    randombytes_buf(key.bytes, sizeof key.bytes);
    last.rows++;
    fv_audit_mac(&key, FV_AUDIT_FIRST_MAC, &row, last.mac);
    FV_TRY(insert(c, &row, last.mac));
    fv_error *error = fv_audit_write_next(fv_registry_folder(fv_registry_of(c)), &last, &key);
    sodium_memzero(&key, sizeof key);
    return error;
}

static fv_error *do_restart(fv_connection *c, void *context) {
    (void)context;
    return fv_audit_restart(c);
}

/* A restart before this one was committed or not, but is not under way: there is one at a time. That its file is damaged is
 * nothing that a new chain would have to keep. */
static fv_error *settle(fv_connection *c, void *context) {
    (void)context;
    fv_error *error = fv_audit_settle(c, fv_registry_folder(fv_registry_of(c)));
    if (!error || fv_error_code(error) != FV_FORMAT) return error;
    fv_error_free(error);
    return NULL;
}

/* No backup may be under way, which would take the old rows and the new key. */
fv_error *fv_registry_restart_log(fv_registry *r) {
    int lock;
    FV_TRY(fv_care_lock(r, &lock));
    fv_error *error = fv_registry_write(r, settle, NULL);
    if (!error) error = fv_registry_write(r, do_restart, NULL);
    fv_file_unlock(lock);
    return error;
}

/* ---- reading ---- */

typedef struct page {
    int64_t before, limit;
    fv_arena *arena;
    fv_audit_row *rows;
    int64_t count;
} page;

static fv_error *keep_row(page *p, fv_query *query) {
    const char *mac;
    fv_audit_row *row = &p->rows[p->count];
    fv_audit_read_row(query, row, &mac);
    FV_TRY(fv_arena_text(p->arena, row->actor, &row->actor));
    FV_TRY(fv_arena_text(p->arena, row->action, &row->action));
    FV_TRY(fv_arena_text(p->arena, row->subject, &row->subject));
    FV_TRY(fv_arena_text(p->arena, row->details, &row->details));
    p->count++;
    return NULL;
}

static fv_error *read_page(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    page *p = context;
    FV_TRY(fv_query_begin(c, page_sql, &query));
    fv_bind_int(query, p->before ? p->before : INT64_MAX);
    fv_bind_int(query, p->limit);
    while (p->count < p->limit) {
        bool more;
        FV_TRY(fv_query_next(query, &more));
        if (!more) break;
        FV_TRY(keep_row(p, query));
    }
    return NULL;
}

fv_error *fv_registry_read_log(fv_registry *r, int64_t before, int64_t limit, fv_audit_rows *out) {
    page p = { .before = before, .limit = limit };
    *out = (fv_audit_rows){ 0 };
    FV_TRY(fv_arena_new("rows of the audit log", INT64_C(1) << 30, &p.arena));
    out->memory = p.arena;
    fv_error *error = fv_arena_take(p.arena, limit, &p.rows);
    if (!error) error = fv_registry_read(r, read_page, &p);
    out->at = p.rows;
    out->count = p.count;
    if (error) fv_audit_rows_release(out);
    return error;
}

void fv_audit_rows_release(fv_audit_rows *rows) {
    fv_arena_free(rows->memory);
    *rows = (fv_audit_rows){ 0 };
}

static fv_error *read_last(fv_connection *c, void *number) {
    return fv_connection_ask(c, "SELECT max(id) FROM audit", 0, number);
}

fv_error *fv_registry_decisions(fv_registry *r, int64_t *number) { return fv_registry_read(r, read_last, number); }
