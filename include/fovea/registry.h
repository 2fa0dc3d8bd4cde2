/* fovea/registry.h - the workspace: one folder with fovea.db (SQLite) and objects/ (files by their digest), in which runs,
 * models and every decision about them are kept.
 *
 *   FV_OWNED(fv_registry) registry = NULL;
 *   FV_TRY(fv_registry_open(NULL, NULL, &registry));
 *
 * What a function has done when it returns without an error is on the disk: it survives power loss. Several processes may use a
 * workspace at once, and several threads one handle; writes of threads that wait at the same time share one fsync. Nobody waits
 * longer than `wait_seconds`: then it is FV_BUSY. On a network file system, where SQLite's shared memory does not work, one
 * process at a time has the workspace, and the others get FV_BUSY with its name.
 *
 * Further errors of every function here: FV_IO (a full disk, named), FV_DENIED (a folder that may not be written), FV_FORMAT (a
 * damaged database), FV_MEMORY; all leave the workspace as it was. */
#ifndef FOVEA_REGISTRY_H
#define FOVEA_REGISTRY_H

#include <stdbool.h>

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_registry fv_registry;

/* How the folder's file system is used. */
typedef enum fv_storage {
    FV_STORAGE_DETECT, /* as its type says */
    FV_STORAGE_LOCAL,  /* shared memory works: WAL, any number of processes */
    FV_STORAGE_NETWORK /* one process */
} fv_storage;

/* Zero in every member is the default. */
typedef struct fv_registry_options {
    bool read_only;      /* FV_NOT_FOUND when there is no workspace; otherwise one is made */
    bool must_exist;     /* the same for a writer */
    double wait_seconds; /* for other writers; 0: 10 */
    fv_storage storage;
    const char *actor;      /* who writes, for the audit log; NULL: the user's name at the host's */
    int64_t (*clock)(void); /* milliseconds since 1970 UTC, from any thread; NULL: the machine's clock */
} fv_registry_options;

/* The workspace's folder: `given`, or what FOVEA_HOME says, or .fovea here. A new string (fv_string_free). */
FV_API FV_MUST_USE fv_error *fv_workspace_folder(const char *given, char **out);

/* Opens the workspace in `folder` (NULL: fv_workspace_folder's), making it if need be. An older schema is upgraded, after a
 * copy of the database is put into backups/. FV_UNSUPPORTED: a schema newer than this program. FV_FORMAT: fovea.db is no
 * database of ours. `options` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_registry_open(const char *folder, const fv_registry_options *options, fv_registry **out);
FV_API void fv_registry_free(fv_registry *registry);
FV_CLEANUP(fv_registry);

FV_API const char *fv_registry_folder(const fv_registry *registry); /* absolute; borrowed */

/* A number that grows with every decision that is written down, by whatever process (fovea/care.h: a version added, an alias
 * moved, a model deleted, a token made): who follows them looks further only when it has changed. Cheap. */
FV_API FV_MUST_USE fv_error *fv_registry_decisions(fv_registry *registry, int64_t *number);

/* What tells this workspace from all others, wherever it is moved. */
#define FV_WORKSPACE_ID_LETTERS 33 /* 32 hexadecimal letters and a NUL */
FV_API FV_MUST_USE fv_error *fv_workspace_id(fv_registry *registry, char out[FV_WORKSPACE_ID_LETTERS]);

#ifdef __cplusplus
}
#endif
#endif
