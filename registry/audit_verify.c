/* audit_verify.c - whether the audit log is the one that was written. */
#include "registry/audit_chain.h"

#include <stdio.h>
#include <string.h>

static const char restarts_sql[] = "SELECT coalesce(max(id), 0) FROM audit WHERE action = 'audit.restart'";
/* The bytes of all texts, since a text is read only to a NUL that may have been put into it. */
static const char rows_sql[] = "SELECT " FV_AUDIT_COLUMNS ", length(CAST(actor AS BLOB)) + length(CAST(action AS BLOB))"
                               " + length(CAST(subject AS BLOB)) + length(CAST(details AS BLOB)) FROM audit ORDER BY id";

typedef struct check {
    fv_audit_key key;
    fv_audit_head head;            /* what was committed at least */
    int64_t restart;               /* the row that the chain begins with; 0: it begins with the log */
    char previous[FV_MAC_LETTERS]; /* of the row before */
    crypto_generichash_state lump; /* of the rows before the restart */
    fv_audit_verdict *out;
} check;

static void find_bad(check *k, int64_t row, const char *problem) {
    k->out->bad = row;
    snprintf(k->out->problem, sizeof k->out->problem, "%s", problem);
}

/* The subject of the row that restarts the log is what the rows before it were. */
static bool lump_is_whole(check *k, const fv_audit_row *row) {
    char digest[FV_DIGEST_LETTERS];
    fv_audit_lump_end(&k->lump, digest);
    return !strcmp(digest, row->subject);
}

static void check_row(check *k, const fv_audit_row *row, const char *mac) {
    char wanted[FV_MAC_LETTERS];
    fv_audit_verdict *out = k->out;
    if (row->id != out->rows + 1) return find_bad(k, out->rows + 1, "it is missing");
    if (row->id < k->restart) {
        fv_audit_lump_add(&k->lump, row, mac);
        out->sealed = row->id;
    } else {
        fv_audit_mac(&k->key, k->previous, row, wanted);
        if (strcmp(mac, wanted) != 0) return find_bad(k, row->id, "it was changed, put in or moved");
        if (row->id == k->restart && !lump_is_whole(k, row))
            return find_bad(k, row->id, "a row before it was changed since it restarted the log");
        memcpy(k->previous, wanted, sizeof wanted);
    }
    out->rows = row->id;
    snprintf(out->head, sizeof out->head, "%s", mac);
    if (row->id == k->head.rows && strcmp(mac, k->head.mac) != 0)
        find_bad(k, row->id, "it is not the row that audit.head tells of");
}

static int64_t bytes_of(const fv_audit_row *row) {
    return (int64_t)(strlen(row->actor) + strlen(row->action) + strlen(row->subject) + strlen(row->details));
}

static fv_error *check_rows(fv_connection *c, check *k) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, rows_sql, &query));
    while (!k->out->bad) {
        fv_audit_row row;
        const char *mac;
        bool more;
        FV_TRY(fv_query_next(query, &more));
        if (!more) break;
        fv_audit_read_row(query, &row, &mac);
        if (fv_column_int(query) != bytes_of(&row)) return find_bad(k, k->out->rows + 1, "a NUL was put into it"), NULL;
        check_row(k, &row, mac);
    }
    if (!k->out->bad && k->out->rows < k->head.rows) find_bad(k, k->out->rows + 1, "the log was cut off before it");
    return NULL;
}

static fv_error *check_log(fv_connection *c, void *context) {
    check *k = context;
    FV_TRY(fv_connection_ask(c, restarts_sql, 0, &k->restart));
    return check_rows(c, k);
}

typedef struct finding {
    const char *folder;
    fv_audit_proof proof;
    int64_t rows;
} finding;

static fv_error *find_key(fv_connection *c, void *context) {
    finding *f = context;
    FV_TRY(fv_connection_ask(c, "SELECT count(*) FROM audit", 0, &f->rows));
    return fv_audit_find_key(c, f->folder, &f->proof);
}

/* Read before the rows are, so that it is never ahead of them. A damaged or missing one proves a change: of row 0, so to say,
 * since all rows may be right. While the key is in audit.next the head there is one too, and audit.head may still be of another
 * key. */
static fv_error *read_head(const finding *f, check *k, fv_error **problem) {
    bool found;
    *problem = NULL;
    fv_error *error = fv_audit_read_head(f->folder, &k->key, &k->head, &found);
    bool damaged = error && fv_error_code(error) == FV_FORMAT;
    if (error && !damaged) return error;
    if (!error && !found) error = fv_fail(FV_NOT_FOUND, "%s/audit.head is gone", f->folder);
    if (!error && (!f->proof.is_next || k->head.rows >= f->proof.head.rows)) return NULL;
    if (!f->proof.is_next) *problem = fv_take(&error);
    fv_error_free(error);
    k->head = f->proof.head;
    return NULL;
}

static fv_error *verify(fv_registry *r, finding *f, fv_audit_verdict *out) {
    FV_OWNED(fv_error) problem = NULL;
    check k = { .out = out };
    *out = (fv_audit_verdict){ 0 };
    memcpy(k.previous, FV_AUDIT_FIRST_MAC, sizeof k.previous);
    fv_audit_lump_begin(&k.lump);
    FV_TRY(fv_registry_read(r, find_key, f));
    if (!f->proof.found) return f->rows ? fv_audit_key_is_gone(f->folder) : NULL;
    k.key = f->proof.key;
    FV_TRY(read_head(f, &k, &problem));
    FV_TRY(fv_registry_read(r, check_log, &k));
    if (problem && !out->bad) find_bad(&k, out->rows + 1, fv_error_message(problem));
    return NULL;
}

/* Another process may have begun a new chain between the key and the rows. */
fv_error *fv_registry_verify(fv_registry *r, fv_audit_verdict *out) {
    finding f = { .folder = fv_registry_folder(r) };
    for (int tries = 0;; tries++) {
        FV_TRY(verify(r, &f, out));
        if (!out->bad || tries == 3) return NULL;
        fv_audit_key before = f.proof.key;
        FV_TRY(fv_registry_read(r, find_key, &f));
        if (f.proof.found && !sodium_memcmp(&before, &f.proof.key, sizeof before)) return NULL;
    }
}
