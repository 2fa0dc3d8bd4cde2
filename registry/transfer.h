/* transfer.h - a workspace's database and objects from one folder to another, as backup and restore do. */
#ifndef FV_REGISTRY_TRANSFER_H
#define FV_REGISTRY_TRANSFER_H

#include "registry/audit_chain.h"
#include "registry/care_work.h"
#include "registry/store.h"

typedef struct fv_transfer {
    const char *from, *to; /* the folders; `to` holds the database as fovea.db.part */
    bool check;            /* objects that are there already are hashed, and replaced when damaged */
    fv_care_work work;
    fv_backup_result *out;
    char *part, *database; /* of `to` */
    fv_arena *arena;
    fv_audit_head last; /* of the audit log in the copy */
    fv_audit_proof proof;
} fv_transfer;

FV_MUST_USE fv_error *fv_transfer_begin(fv_transfer *transfer, const char *from, const char *to);
void fv_transfer_end(fv_transfer *transfer);

/* Every object that the copied database has. */
FV_MUST_USE fv_error *fv_transfer_objects(fv_transfer *transfer);
/* Gives the copied database its name, and the audit log its key and head; nothing of those where `from` has no key. Cut off
 * anywhere, the rows that are there can be proven. */
FV_MUST_USE fv_error *fv_transfer_finish(const fv_transfer *transfer);
/* Whether another process uses a database is found by taking it for this one alone, without a log beside it. */
FV_MUST_USE fv_error *fv_transfer_hold(const char *database, fv_connection **out);

#endif
