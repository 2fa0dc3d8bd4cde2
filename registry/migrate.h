/* migrate.h - the schema: numbered files in migrations/, embedded at build time, each applied once and in its own transaction.
 * PRAGMA user_version is the number of the last one; schema_migration holds the checksum that each had. */
#ifndef FV_REGISTRY_MIGRATE_H
#define FV_REGISTRY_MIGRATE_H

#include "registry/connection.h"

typedef struct fv_migration {
    int number;       /* from 1, without gaps */
    const char *name; /* 0002_models */
    const char *sql;
} fv_migration;

extern const fv_migration fv_migration_table[]; /* generated from the files, in their order */
extern const int fv_migration_count;

/* Brings the database to the schema of `count` migrations, after a copy of an older one has been put into `backups`. Safe when
 * several processes do it at once. FV_UNSUPPORTED: it is newer; FV_FORMAT: no database of ours; FV_CONFLICT: of a program whose
 * migrations of the same numbers were others. */
FV_MUST_USE fv_error *fv_migrate(fv_connection *connection, const fv_migration *migrations, int count, const char *backups);

/* The same questions without changing anything; FV_UNSUPPORTED too when it is older. */
FV_MUST_USE fv_error *fv_migrate_check(fv_connection *connection, const fv_migration *migrations, int count);

/* Whether another process is bringing a database that has the schema `version` to its own just now; of one that has none yet,
 * and was never locked for it, that is so too. */
FV_MUST_USE fv_error *fv_migrate_runs(const char *backups, int64_t version, bool *out);

/* FV_FORMAT: the database is of another program; one that is empty is of none. */
FV_MUST_USE fv_error *fv_migrate_check_owner(fv_connection *connection);

#endif
