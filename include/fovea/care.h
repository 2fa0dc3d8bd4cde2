/* fovea/care.h - what keeps a registry whole: its audit log, backups, the check of everything, and the removal of what nobody
 * needs any more. Threads, durability and further errors: as in registry.h. */
#ifndef FOVEA_CARE_H
#define FOVEA_CARE_H

#include "fovea/objects.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the audit log ----
 *
 * Every change of models, aliases and tokens, and every deletion, is a row. Each carries a keyed BLAKE2b-256 over itself and
 * the one before; the key is in audit.key, beside the database, and the newest row's number and hash are kept in audit.head. So
 * who changes the database alone is found out. Who has the key too is found out by the `head` that was noted elsewhere. */

#define FV_AUDIT_PROBLEM_LETTERS 200

typedef struct fv_audit_verdict {
    int64_t rows;                           /* that there are */
    int64_t sealed;                         /* the last of them before the newest restart: proven as one lump; 0: none */
    int64_t bad;                            /* the first row that is not as it was written, or missing; 0: none */
    char problem[FV_AUDIT_PROBLEM_LETTERS]; /* what is wrong with it; "" */
    char head[FV_DIGEST_LETTERS];           /* of the last row; "" without rows */
} fv_audit_verdict;

/* FV_NOT_FOUND: audit.key is gone. */
FV_API FV_MUST_USE fv_error *fv_registry_verify(fv_registry *registry, fv_audit_verdict *out);

/* For a log that is damaged or whose key is lost: begins a new chain with a new key, behind the rows that are there. They are
 * proven as one lump from then on, whatever was done to them before. */
FV_API FV_MUST_USE fv_error *fv_registry_restart_log(fv_registry *registry);

typedef struct fv_audit_row {
    int64_t id, time_ms;
    const char *actor, *action, *subject;
    const char *details; /* JSON */
} fv_audit_row;

/* An open value. */
typedef struct fv_audit_rows {
    const fv_audit_row *at;
    int64_t count;
    void *memory;
} fv_audit_rows;
/* The newest `limit` rows before the row `before` (0: before the end), newest first. */
FV_API FV_MUST_USE fv_error *fv_registry_read_log(fv_registry *registry, int64_t before, int64_t limit, fv_audit_rows *out);
FV_API void fv_audit_rows_release(fv_audit_rows *rows);

/* ---- looking after it ---- */

/* Who watches long work, on the thread that does it. `count` 0: not known. */
typedef struct fv_care_watch {
    void (*progress)(void *context, const char *what, int64_t done, int64_t count); /* bytes; may be NULL */
    void *context;
    const int *cancel; /* non-zero stops with FV_CANCELLED; may be NULL, may be set by a signal handler */
} fv_care_watch;

typedef enum fv_finding_kind {
    FV_FINDING_DATABASE,  /* pages or indexes are damaged */
    FV_FINDING_REFERENCE, /* rows name what is not there */
    FV_FINDING_USES,      /* an object is counted as named more or less often than it is: repaired by counting again */
    FV_FINDING_AUDIT,     /* the audit log is not the one that was written */
    FV_FINDING_MISSING,   /* an object has no file */
    FV_FINDING_DAMAGED,   /* the file's bytes are others */
    FV_FINDING_ORPHAN,    /* harmless: a file that no row names, of a put that was cut off; gc removes it */
    FV_FINDING_LEFTOVER   /* harmless: temporary files of processes that were killed: repaired by removing them */
} fv_finding_kind;
FV_API const char *fv_finding_name(fv_finding_kind kind); /* "missing", … */

typedef struct fv_finding {
    fv_finding_kind kind;
    const char *subject, *text; /* a digest, a table, a file; what is the matter with it */
    bool harmless, repaired;
} fv_finding;

/* An open value. */
typedef struct fv_fsck {
    const fv_finding *at;
    int64_t count, wrong;   /* findings; those that are neither harmless nor repaired */
    int64_t objects, bytes; /* that were hashed */
    void *memory;
} fv_fsck;

/* Looks at everything: SQLite's own check, references, counts, the audit log, the bytes of every object, files. With `repair`
 * it mends what is safe to mend. `watch` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_registry_fsck(fv_registry *registry, bool repair, const fv_care_watch *watch, fv_fsck *out);
FV_API void fv_fsck_release(fv_fsck *result);

typedef struct fv_gc_options {
    bool dry_run;        /* only says what it would remove */
    double deleted_days; /* experiments, runs, models and versions that were deleted so long ago; negative: none */
    double unused_days;  /* objects that nothing names and that were put so long ago. Below 1 it may take one that is just being
                          * registered */
    const fv_care_watch *watch; /* may be NULL */
} fv_gc_options;

typedef struct fv_gc_item {
    const char *kind, *name; /* "run" and its id, "version" NAME/NUMBER, "model", "experiment" */
} fv_gc_item;

/* An open value: what was removed, or would be. */
typedef struct fv_gc_result {
    const fv_gc_item *items;
    int64_t count;
    int64_t objects, bytes;
    int64_t orphans, orphan_bytes; /* files without a row */
    void *memory;
} fv_gc_result;

/* A version that an alias points to stays, a run that a version came from, and one that is running. FV_BUSY: another gc or a
 * backup is under way. */
FV_API FV_MUST_USE fv_error *fv_registry_gc(fv_registry *registry, const fv_gc_options *options, fv_gc_result *out);
FV_API void fv_gc_result_release(fv_gc_result *result);

typedef struct fv_backup_result {
    int64_t copied, bytes; /* objects, and their bytes */
    int64_t present;       /* objects that were there already, of an earlier backup */
    int64_t lost;          /* objects that are missing or damaged here, and not there either */
    char first_lost[FV_DIGEST_LETTERS];
} fv_backup_result;

/* The database as it is now, while others go on writing, and every object it names, into a folder that is a workspace itself:
 * `fsck` checks it, and it can be used as it is. What an earlier backup of the same workspace has there is kept; until the new
 * one is whole, the earlier one is. FV_CONFLICT: the folder is of another workspace. FV_BUSY: gc or another backup is under
 * way, or the backup is in use. `watch` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_registry_backup(fv_registry *registry, const char *folder, const fv_care_watch *watch,
                                                fv_backup_result *out);

/* Makes the workspace in `folder` (NULL: fv_workspace_folder's) what the one in `backup` is. One that is there is FV_CONFLICT
 * unless `replace`: then its database is kept in backups/, and its objects are kept, but for damaged ones, which are replaced.
 * FV_BUSY: it is in use. */
FV_API FV_MUST_USE fv_error *fv_registry_restore(const char *backup, const char *folder, bool replace,
                                                 const fv_care_watch *watch, fv_backup_result *out);

#ifdef __cplusplus
}
#endif
#endif
