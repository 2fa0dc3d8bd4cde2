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

#ifdef __cplusplus
}
#endif
#endif
