/* restore.c - a workspace made anew from a backup.
 *
 * Everything is copied beside what is there before anything of it is touched; then, while nobody else has the old database, it
 * gets a second name in backups/ and the new one is renamed over it. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "registry/audit.h"
#include "registry/clock.h"
#include "registry/group.h"
#include "registry/migrate.h"
#include "registry/transfer.h"
#include "registry/unlocked.h"

#define WAIT_SECONDS 10

/* ---- the backup ---- */

/* Not quick_check: SQLite 3.40's takes a table WITHOUT ROWID whose key is in another order than its columns for damaged. */
static fv_error *check_pages(fv_connection *c, const char *path) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_compose(c, "PRAGMA integrity_check(1)", &query));
    FV_TRY(fv_query_next(query, &row));
    const char *said = row ? fv_column_text(query) : "it says nothing";
    FV_TRY(fv_connection_check(c));
    return strcmp(said, "ok") != 0 ? fv_fail(FV_FORMAT, "%s is damaged: %s", path, said) : NULL;
}

/* An older schema is upgraded when the workspace is opened. */
static fv_error *check_schema(fv_connection *c, const char *path) {
    int64_t version;
    FV_TRY(fv_migrate_check_owner(c));
    FV_TRY(fv_connection_ask(c, "PRAGMA user_version", 0, &version));
    if (!version) return fv_fail(FV_FORMAT, "%s is no registry", path);
    return version < fv_migration_count ? NULL : fv_migrate_check(c, fv_migration_table, fv_migration_count);
}

static fv_error *read_backup(fv_connection *c, const char *path, const char *part) {
    FV_TRY(fv_connection_begin(c, false));
    fv_error *error = check_schema(c, path);
    if (!error) error = check_pages(c, path);
    if (!error) error = fv_connection_copy(c, part);
    fv_connection_roll_back(c);
    return error;
}

static fv_error *copy_from(const fv_transfer *t, bool immutable) {
    FV_OWNED(fv_connection) c = NULL;
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/fovea.db", t->from);
    FV_TRY(fv_text_error(&path));
    if (fv_file_kind_of(path.at) == FV_FILE_NONE) return fv_fail(FV_NOT_FOUND, "there is no backup in %s", t->from);
    fv_connection_options options = { .read_only = true, .immutable = immutable, .wait_seconds = WAIT_SECONDS };
    FV_TRY(fv_connection_open(path.at, &options, &c));
    return read_backup(c, path.at, t->part);
}

static fv_error *copy_database(const fv_transfer *t) {
    fv_unlocked state;
    FV_TRY(fv_unlocked_begin(t->from, WAIT_SECONDS, &state));
    return fv_unlocked_end(t->from, &state, copy_from(t, state.needed));
}

/* ---- what is there ---- */

static fv_error *move_aside(const char *database, const char *end, const char *aside) {
    FV_TEXT(from, 1 << 16);
    FV_TEXT(to, 1 << 16);
    fv_text_addf(&from, "%s%s", database, end);
    fv_text_addf(&to, "%s%s", aside, end);
    FV_TRY(fv_text_error(&from));
    FV_TRY(fv_text_error(&to));
    if (fv_file_kind_of(from.at) == FV_FILE_NONE) return NULL;
    return fv_file_rename(from.at, to.at);
}

/* A log of a database that is too damaged to be opened would be taken for one of the new database. */
static fv_error *set_aside(const fv_transfer *t) {
    FV_TEXT(aside, 1 << 16);
    FV_TEXT(folder, 1 << 16);
    fv_text_addf(&folder, "%s/backups", t->to);
    fv_text_addf(&aside, "%s/before-restore-%lld.db", folder.at, (long long)fv_wall_ms());
    FV_TRY(fv_text_error(&folder));
    FV_TRY(fv_text_error(&aside));
    FV_TRY(fv_group_make_folder(folder.at));
    if (link(t->database, aside.at) < 0) return fv_file_refused(errno, "keep", t->database);
    FV_TRY(move_aside(t->database, "-wal", aside.at));
    FV_TRY(move_aside(t->database, "-shm", aside.at));
    return move_aside(t->database, "-journal", aside.at);
}

static fv_error *put_in_place(const fv_transfer *t) {
    FV_OWNED(fv_connection) held = NULL;
    bool there = fv_file_kind_of(t->database) != FV_FILE_NONE;
    FV_OWNED(fv_error) error = fv_transfer_hold(t->database, &held);
    if (error && fv_error_code(error) != FV_FORMAT)
        return fv_error_hint(fv_fail(fv_error_code(error), "%s is in use", t->database), "end what uses the workspace first");
    if (there) FV_TRY(set_aside(t));
    return fv_transfer_finish(t);
}

/* ---- all of it ---- */

static fv_error *tell(fv_connection *c, void *context) { return fv_audit_add(c, "registry.restore", context, NULL); }

static fv_error *restore(fv_transfer *t, bool replace) {
    FV_OWNED(fv_registry) registry = NULL;
    if (!replace && fv_file_kind_of(t->database) != FV_FILE_NONE)
        return fv_error_hint(fv_fail(FV_CONFLICT, "there is a workspace in %s", t->to),
                             "--replace puts the backup in its place, and keeps its database in backups/");
    FV_TRY(copy_database(t));
    FV_TRY(fv_transfer_objects(t));
    FV_TRY(put_in_place(t));
    FV_TRY(fv_registry_open(t->to, NULL, &registry));
    return fv_registry_write(registry, tell, (char *)t->from);
}

fv_error *fv_registry_restore(const char *backup, const char *folder, bool replace, const fv_care_watch *watch,
                              fv_backup_result *out) {
    fv_transfer t = { .check = true, .work = { .watch = watch, .what = "restore" }, .out = out };
    char *to, from[PATH_MAX];
    if (!realpath(backup, from)) return fv_file_refused(errno, "read", backup);
    FV_TRY(fv_workspace_folder(folder, &to));
    fv_error *error = fv_transfer_begin(&t, from, to);
    if (!error) error = restore(&t, replace);
    fv_transfer_end(&t);
    fv_string_free(to);
    return error;
}
