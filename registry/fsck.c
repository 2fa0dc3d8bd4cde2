/* fsck.c - everything in a workspace looked at: the database's pages, references and counts, the audit log, every object's
 * bytes, and files that nothing names.
 *
 * Nothing is locked meanwhile: what looks wrong with an object is asked of the database once more before it is said, since it
 * may have been put or removed in between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "registry/care_work.h"
#include "registry/room.h"
#include "registry/store.h"

static const char foreign_sql[] = "SELECT \"table\", count(*), min(parent) FROM pragma_foreign_key_check GROUP BY 1, fkid";
static const char integrity_sql[] = "SELECT integrity_check FROM pragma_integrity_check(20)";

static const char *const finding_names[] = { "database", "reference", "uses",   "audit",
                                             "missing",  "damaged",   "orphan", "leftover" };
const char *fv_finding_name(fv_finding_kind kind) { return finding_names[kind]; }

typedef struct fsck {
    fv_registry *registry;
    fv_fsck *out;
    fv_arena *arena;
    fv_finding *found;
    fv_stored_list objects;
    fv_care_work work;
    bool repair, repaired;
} fsck;

static bool harmless(fv_finding_kind kind) { return kind == FV_FINDING_ORPHAN || kind == FV_FINDING_LEFTOVER; }

static fv_error *find(fsck *f, fv_finding_kind kind, const char *subject, const char *format, ...) FV_PRINTF(4, 5);
static fv_error *find(fsck *f, fv_finding_kind kind, const char *subject, const char *format, ...) {
    FV_TEXT(text, 1 << 16);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&text, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_room_for(f->arena, &f->found, f->out->count));
    fv_finding *finding = &f->found[f->out->count];
    *finding = (fv_finding){ .kind = kind, .harmless = harmless(kind), .repaired = f->repaired };
    FV_TRY(fv_arena_text(f->arena, subject, &finding->subject));
    FV_TRY(fv_arena_text(f->arena, text.at, &finding->text));
    f->out->at = f->found;
    f->out->count++;
    f->out->wrong += !finding->harmless && !finding->repaired;
    return NULL;
}

/* A database so damaged that a question cannot be answered is a finding. */
static fv_error *note_damage(fsck *f, fv_error *error) {
    if (!error || fv_error_code(error) != FV_FORMAT) return error;
    fv_error *noted = find(f, FV_FINDING_DATABASE, "fovea.db", "%s", fv_error_message(error));
    fv_error_free(error);
    return noted;
}

/* ---- the database ---- */

static fv_error *check_pages(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, integrity_sql, &query));
    for (;;) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        const char *said = fv_column_text(query);
        if (strcmp(said, "ok") != 0) FV_TRY(find(context, FV_FINDING_DATABASE, "fovea.db", "%s", said));
    }
}

static fv_error *check_references(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, foreign_sql, &query));
    for (;;) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        const char *table = fv_column_text(query);
        long long count = fv_column_int(query);
        const char *parent = fv_column_text(query);
        FV_TRY(find(context, FV_FINDING_REFERENCE, table, "%lld of its rows name what is not in %s", count, parent));
    }
}

/* Every column of the schema that names an object, whatever migrations have brought: "SELECT digest FROM artifact UNION ALL
 * …". */
static fv_error *add_names(fv_connection *c, fv_text *sql) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_compose(c,
                            "SELECT m.name, f.\"from\" FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f"
                            " WHERE m.type = 'table' AND f.\"table\" = 'object'",
                            &query));
    for (int i = 0;; i++) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        const char *table = fv_column_text(query), *column = fv_column_text(query);
        fv_text_addf(sql, "%sSELECT \"%s\" AS digest FROM \"%s\"", i ? " UNION ALL " : "", column, table);
    }
}

#define WRONG_USES                                                                                                             \
    "SELECT o.digest, o.uses, coalesce(n.count, 0) AS named FROM object AS o LEFT JOIN"                                        \
    " (SELECT digest, count(*) AS count FROM names GROUP BY digest) AS n USING (digest) WHERE o.uses <> coalesce(n.count, 0)"

static fv_error *compose_uses(fv_connection *c, const char *before, fv_text *sql) {
    fv_text_add(sql, "WITH names(digest) AS (");
    FV_TRY(add_names(c, sql));
    fv_text_addf(sql, "), wrong AS (" WRONG_USES ") %s", before);
    return fv_text_error(sql);
}

static fv_error *check_uses(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    FV_TEXT(sql, 1 << 16);
    FV_TRY(compose_uses(c, "SELECT digest, uses, named FROM wrong", &sql));
    FV_TRY(fv_query_compose(c, sql.at, &query));
    for (;;) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        const char *digest = fv_column_text(query);
        long long uses = fv_column_int(query), named = fv_column_int(query);
        FV_TRY(find(context, FV_FINDING_USES, digest, "counted as named %lld times, is named %lld times", uses, named));
    }
}

static fv_error *recount(fv_connection *c, void *context) {
    FV_TEXT(sql, 1 << 16);
    FV_TRY(check_uses(c, context));
    FV_TRY(compose_uses(c, "UPDATE object SET uses = wrong.named FROM wrong WHERE wrong.digest = object.digest", &sql));
    return fv_connection_execute(c, sql.at);
}

static fv_error *check_counts(fsck *f) {
    f->repaired = f->repair;
    fv_error *error = f->repair ? fv_registry_write(f->registry, recount, f) : fv_registry_read(f->registry, check_uses, f);
    f->repaired = false;
    return error;
}

static fv_error *check_log(fsck *f) {
    fv_audit_verdict verdict;
    fv_error *error = fv_registry_verify(f->registry, &verdict);
    if (error && fv_error_code(error) == FV_NOT_FOUND) {
        fv_error *noted = find(f, FV_FINDING_AUDIT, "audit.key", "%s", fv_error_message(error));
        fv_error_free(error);
        return noted;
    }
    if (error || !verdict.bad) return error;
    return find(f, FV_FINDING_AUDIT, "audit", "row %lld: %s", (long long)verdict.bad, verdict.problem);
}

static fv_error *check_database(fsck *f) {
    FV_TRY(note_damage(f, fv_registry_read(f->registry, check_pages, f)));
    FV_TRY(note_damage(f, fv_registry_read(f->registry, check_references, f)));
    FV_TRY(note_damage(f, check_counts(f)));
    return note_damage(f, check_log(f));
}

/* ---- objects ---- */

static fv_error *list_objects(fv_connection *c, void *context) {
    fsck *f = context;
    return fv_store_list(c, f->arena, &f->objects);
}

typedef struct question {
    const char *digest;
    bool there;
} question;

static fv_error *ask_row(fv_connection *c, void *context) {
    question *q = context;
    return fv_store_has(c, q->digest, &q->there);
}

static fv_error *is_there(fsck *f, const char *digest, bool *there) {
    question q = { .digest = digest };
    FV_TRY(fv_registry_read(f->registry, ask_row, &q));
    *there = q.there;
    return NULL;
}

static fv_error *check_object(fsck *f, const fv_stored *object) {
    char *path;
    bool there;
    if (!fv_store_is_digest(object->digest))
        return find(f, FV_FINDING_MISSING, object->digest, "it is no digest, and no file has such a name");
    FV_TRY(fv_object_path(f->registry, object->digest, &path));
    fv_error *error = fv_store_copy(path, object->digest, NULL, fv_care_step, &f->work);
    fv_string_free(path);
    if (!error) return NULL;
    fv_code code = fv_error_code(error);
    if (code != FV_NOT_FOUND && code != FV_FORMAT && code != FV_IO) return error;
    FV_OWNED(fv_error) problem = error;
    FV_TRY(is_there(f, object->digest, &there));
    if (!there) return NULL; /* a gc was here meanwhile */
    fv_finding_kind kind = code == FV_NOT_FOUND ? FV_FINDING_MISSING : FV_FINDING_DAMAGED;
    return find(f, kind, object->digest, "%s", fv_error_message(problem));
}

static fv_error *check_objects(fsck *f) {
    FV_TRY(note_damage(f, fv_registry_read(f->registry, list_objects, f)));
    f->work.what = "check";
    f->work.count = f->objects.bytes;
    for (int64_t i = 0; i < f->objects.count; i++) FV_TRY(check_object(f, &f->objects.at[i]));
    f->out->objects = f->objects.count;
    f->out->bytes = f->objects.bytes;
    return NULL;
}

/* ---- files ---- */

static int by_digest(const void *digest, const void *stored) { return strcmp(digest, ((const fv_stored *)stored)->digest); }

static fv_error *check_file(void *context, const char *path, const char *digest, int64_t size) {
    fsck *f = context;
    bool there =
        digest && f->objects.count && bsearch(digest, f->objects.at, (size_t)f->objects.count, sizeof(fv_stored), by_digest);
    if (digest && !there) FV_TRY(is_there(f, digest, &there));
    if (there) return NULL;
    return find(f, FV_FINDING_ORPHAN, path, "%lld bytes that no row names; gc removes %s", (long long)size,
                digest ? "it" : "no file of such a name");
}

static fv_error *check_files(fsck *f) {
    int64_t left;
    FV_TRY(fv_store_walk(f->registry, check_file, f));
    FV_TRY(fv_store_clear(fv_registry_folder(f->registry), !f->repair, &left));
    f->repaired = f->repair;
    if (left) FV_TRY(find(f, FV_FINDING_LEFTOVER, "objects/new", "%lld files of processes that were killed", (long long)left));
    return NULL;
}

/* ---- all of it ---- */

fv_error *fv_registry_fsck(fv_registry *r, bool repair, const fv_care_watch *watch, fv_fsck *out) {
    fsck f = { .registry = r, .out = out, .repair = repair, .work.watch = watch };
    *out = (fv_fsck){ 0 };
    FV_TRY(fv_arena_new("what fsck found", INT64_C(1) << 32, &f.arena));
    out->memory = f.arena;
    fv_error *error = check_database(&f);
    if (!error) error = check_objects(&f);
    if (!error) error = check_files(&f);
    if (error) fv_fsck_release(out);
    return error;
}

void fv_fsck_release(fv_fsck *out) {
    fv_arena_free(out->memory);
    *out = (fv_fsck){ 0 };
}
