/* backup.c - a workspace copied while it is in use.
 *
 * The database first, as of one instant, under another name; then the objects that it names, which gc leaves alone meanwhile;
 * then the database gets its name. So at every instant the folder holds a whole backup, once it holds one. audit.head follows:
 * behind the rows it proves nothing wrong. */
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "registry/migrate.h"
#include "registry/transfer.h"

static const char workspace_sql[] = "SELECT value FROM setting WHERE key = 'workspace'";

typedef struct identity {
    char workspace[64];
} identity;

static fv_error *ask_identity(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    identity *who = context;
    bool row;
    FV_TRY(fv_query_begin(c, workspace_sql, &query));
    FV_TRY(fv_query_next(query, &row));
    snprintf(who->workspace, sizeof who->workspace, "%s", row ? fv_column_text(query) : "");
    return fv_connection_check(c);
}

static fv_error *of_another(const char *folder) {
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s holds another workspace, or none of ours", folder),
                         "name a folder of its own");
}

/* What is in the folder may be replaced: it is an earlier backup, and nobody uses it. */
static fv_error *check_earlier(fv_registry *r, const fv_transfer *t) {
    FV_OWNED(fv_connection) earlier = NULL;
    identity ours, theirs = { "" };
    FV_TRY(fv_transfer_hold(t->database, &earlier));
    if (!earlier) return NULL;
    FV_TRY(fv_migrate_check_owner(earlier));
    FV_TRY(fv_registry_read(r, ask_identity, &ours));
    FV_OWNED(fv_error) problem = ask_identity(earlier, &theirs);
    if (problem && fv_error_code(problem) == FV_MEMORY) return fv_take(&problem);
    return problem || strcmp(ours.workspace, theirs.workspace) != 0 ? of_another(t->to) : NULL;
}

static fv_error *back_up(fv_registry *r, fv_transfer *t) {
    FV_TRY(check_earlier(r, t));
    FV_TRY(fv_registry_copy(r, t->part));
    FV_TRY(fv_transfer_objects(t));
    return fv_transfer_finish(t);
}

/* In a workspace that may not be written gc cannot run either, unless by another user: what that takes is told as lost. */
static fv_error *back_up_locked(fv_registry *r, fv_transfer *t) {
    int lock;
    fv_error *error = fv_care_lock(r, &lock);
    if (error && fv_error_code(error) != FV_DENIED) return error;
    fv_error_free(error);
    error = back_up(r, t);
    fv_file_unlock(lock);
    return error;
}

fv_error *fv_registry_backup(fv_registry *r, const char *folder, const fv_care_watch *watch, fv_backup_result *out) {
    fv_transfer t = { .work = { .watch = watch, .what = "backup" }, .out = out };
    fv_error *error = fv_transfer_begin(&t, fv_registry_folder(r), folder);
    if (!error) error = back_up_locked(r, &t);
    fv_transfer_end(&t);
    return error;
}
