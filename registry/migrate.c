/* migrate.c - from the schema that a database has to the one of this program. */
#include "registry/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "registry/clock.h"
#include "registry/group.h"

#define APPLICATION 0x666f7661 /* "fova": PRAGMA application_id, which `file` shows */

static const char migrations_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT";
static const char applied_sql[] = "SELECT number, name, checksum FROM schema_migration ORDER BY number";
static const char insert_sql[] = "INSERT INTO schema_migration (number, name, checksum, applied_ms) VALUES (?, ?, ?, ?)";

#define CHECKSUM_LETTERS (2 * crypto_generichash_BYTES + 1)

static void checksum(const char *sql, char out[CHECKSUM_LETTERS]) {
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)sql, strlen(sql), NULL, 0);
    sodium_bin2hex(out, CHECKSUM_LETTERS, hash, sizeof hash);
}

fv_error *fv_migrate_check_owner(fv_connection *c) {
    int64_t application, tables;
    FV_TRY(fv_connection_ask(c, "PRAGMA application_id", 0, &application));
    FV_TRY(fv_connection_ask(c, "SELECT count(*) FROM sqlite_schema", 0, &tables));
    if (application == APPLICATION || (!application && !tables)) return NULL;
    return fv_error_hint(fv_fail(FV_FORMAT, "the database is of another program"), "name another workspace");
}

static fv_error *check_applied(fv_connection *c, const fv_migration *migrations, int count) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    char expected[CHECKSUM_LETTERS];
    FV_TRY(fv_query_begin(c, applied_sql, &query));
    for (int i = 0; i < count; i++) {
        FV_TRY(fv_query_next(query, &row));
        if (!row) return NULL;
        int64_t number = fv_column_int(query);
        const char *name = fv_column_text(query), *has = fv_column_text(query);
        checksum(migrations[i].sql, expected);
        FV_TRY(fv_connection_check(c));
        if (number != migrations[i].number || strcmp(has, expected) != 0)
            return fv_error_hint(
                fv_fail(FV_CONFLICT, "schema %lld (%s) is not the one this program knows", (long long)number, name),
                "it was made by a fovea that was never released; use that one, or another workspace");
    }
    return NULL;
}

static fv_error *check(fv_connection *c, const fv_migration *migrations, int count, int64_t *version) {
    FV_TRY(fv_migrate_check_owner(c));
    FV_TRY(fv_connection_ask(c, "PRAGMA user_version", 0, version));
    if (*version > count)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it has schema %lld; this fovea (%s) knows 1 to %d", (long long)*version,
                                     FOVEA_VERSION, count),
                             "a newer fovea has used it: use that one; backups/ has a copy from before its upgrade");
    return *version ? check_applied(c, migrations, (int)*version) : NULL;
}

static fv_error *record(fv_connection *c, const fv_migration *m) {
    FV_OWNED(fv_query) query = NULL;
    char sum[CHECKSUM_LETTERS];
    checksum(m->sql, sum);
    FV_TRY(fv_connection_execute(c, migrations_sql));
    FV_TRY(fv_query_compose(c, insert_sql, &query));
    fv_bind_int(query, m->number);
    fv_bind_text(query, m->name);
    fv_bind_text(query, sum);
    fv_bind_int(query, fv_connection_now(c));
    FV_TRY(fv_query_run(query));
    FV_TEXT(pragmas, 200);
    fv_text_addf(&pragmas, "PRAGMA user_version = %d; PRAGMA application_id = %d", m->number, APPLICATION);
    FV_TRY(fv_text_error(&pragmas));
    return fv_connection_execute(c, pragmas.at);
}

/* Unless another process was faster. */
static fv_error *apply_inside(fv_connection *c, const fv_migration *m) {
    int64_t version;
    FV_TRY(fv_connection_ask(c, "PRAGMA user_version", 0, &version));
    if (version >= m->number) return NULL;
    FV_TRY(fv_connection_execute(c, m->sql));
    return record(c, m);
}

static fv_error *apply(fv_connection *c, const fv_migration *m) {
    FV_TRY(fv_connection_begin(c, true));
    fv_error *error = apply_inside(c, m);
    if (!error) return fv_connection_commit(c);
    fv_connection_roll_back(c);
    return fv_error_wrap(error, "upgrading to schema %s", m->name);
}

/* Under a name that says it is whole only when it is. */
static fv_error *back_up(fv_connection *c, const char *backups, int64_t version) {
    FV_TEXT(path, 1 << 16);
    FV_TEXT(part, 1 << 16);
    fv_text_addf(&path, "%s/before-schema-%04lld.db", backups, (long long)version + 1);
    fv_text_addf(&part, "%s.part", path.at);
    FV_TRY(fv_text_error(&path));
    FV_TRY(fv_text_error(&part));
    if (fv_file_kind_of(path.at) != FV_FILE_NONE) return NULL; /* of an upgrade that was cut off */
    unlink(part.at);
    FV_TRY(fv_connection_copy(c, part.at));
    if (rename(part.at, path.at) < 0) return fv_fail(FV_IO, "cannot rename %s: %s", part.at, strerror(errno));
    return NULL;
}

static fv_error *upgrade(fv_connection *c, const fv_migration *migrations, int count, const char *backups) {
    int64_t version;
    FV_TRY(check(c, migrations, count, &version)); /* again: another process may have been faster */
    if (version && version < count) FV_TRY(back_up(c, backups, version));
    for (int i = (int)version; i < count; i++) FV_TRY(apply(c, &migrations[i]));
    return check(c, migrations, count, &version);
}

static fv_error *lock_path(const char *backups, fv_text *out) {
    fv_text_addf(out, "%s/upgrade.lock", backups);
    return fv_text_error(out);
}

/* One process at a time: a copy begun by a second would hold what the first has upgraded. */
static fv_error *lock_upgrades(fv_connection *c, const char *backups, int *lock) {
    FV_TEXT(path, 1 << 16);
    FV_TRY(lock_path(backups, &path));
    FV_TRY(fv_group_make_folder(backups));
    for (int64_t end = fv_steady_ms() + fv_connection_wait_ms(c);;) {
        fv_error *error = fv_group_lock(path.at, lock);
        if (!error || fv_error_code(error) != FV_BUSY || fv_steady_ms() > end) return error;
        fv_error_free(error);
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
}

fv_error *fv_migrate(fv_connection *c, const fv_migration *migrations, int count, const char *backups) {
    int64_t version;
    int lock;
    FV_TRY(check(c, migrations, count, &version));
    if (version == count) return NULL;
    FV_TRY(lock_upgrades(c, backups, &lock));
    fv_error *error = upgrade(c, migrations, count, backups);
    fv_file_unlock(lock);
    return error;
}

/* The lock is tried, shared and for a moment: who wants to upgrade tries again. */
fv_error *fv_migrate_runs(const char *backups, int64_t version, bool *out) {
    FV_TEXT(path, 1 << 16);
    FV_TRY(lock_path(backups, &path));
    int file = open(path.at, O_RDONLY | O_CLOEXEC);
    *out = file < 0 ? errno == ENOENT && !version : flock(file, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (file >= 0) close(file);
    return NULL;
}

fv_error *fv_migrate_check(fv_connection *c, const fv_migration *migrations, int count) {
    int64_t version;
    FV_TRY(check(c, migrations, count, &version));
    if (version == count) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it has schema %lld, and this fovea reads %d", (long long)version, count),
                         "open it once for writing: any command that records upgrades it, after a backup");
}
