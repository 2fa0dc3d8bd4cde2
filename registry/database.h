/* database.h - the registry from inside: what the files of this folder read and write it with.
 *
 *   static fv_error *rename_it(fv_connection *connection, void *context) { … statements … }
 *   FV_TRY(fv_registry_write(registry, rename_it, &(rename){ … }));
 *
 * Any thread. A read sees one state of the database from its begin to its end. A write happens whole or not at all, and is on
 * the disk when fv_registry_write returns: writes of threads that wait at the same time become one transaction with a savepoint
 * each, so that they share its fsync. Which thread runs them is not said; none may call fv_registry_write or _read from
 * inside. */
#ifndef FV_REGISTRY_DATABASE_H
#define FV_REGISTRY_DATABASE_H

#include "fovea/registry.h"
#include "registry/connection.h"

typedef fv_error *(*fv_registry_work)(fv_connection *connection, void *context);

FV_MUST_USE fv_error *fv_registry_write(fv_registry *registry, fv_registry_work work, void *context);
FV_MUST_USE fv_error *fv_registry_read(fv_registry *registry, fv_registry_work work, void *context);

/* The database as it is now into a new file, while others go on writing. */
FV_MUST_USE fv_error *fv_registry_copy(fv_registry *registry, const char *path);

/* Whose connection a work is given. */
fv_registry *fv_registry_of(const fv_connection *connection);

const char *fv_registry_actor(const fv_registry *registry);
/* FOLDER/name, a new string (fv_string_free). */
FV_MUST_USE fv_error *fv_registry_path(const fv_registry *registry, const char *name, char **out);

/* Who holds a lease: "ann@bench, process 4711 on node7". */
#define FV_HOLDER_LETTERS 200
void fv_registry_holder(const fv_registry *registry, char out[FV_HOLDER_LETTERS]);

/* 32 random hexadecimal letters. */
#define FV_UUID_LETTERS 33
void fv_uuid(char out[FV_UUID_LETTERS]);

#endif
