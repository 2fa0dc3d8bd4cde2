/* connection.h - SQLite as the registry uses it: one connection, used by one thread at a time, and its statements. The only
 * place with sqlite3.h is connection.c.
 *
 *   static const char by_name[] = "SELECT id, digest FROM model WHERE name = ?";
 *
 *   FV_OWNED(fv_query) query = NULL;
 *   FV_TRY(fv_query_begin(connection, by_name, &query));
 *   fv_bind_text(query, name);
 *   bool found;
 *   FV_TRY(fv_query_next(query, &found));
 *   if (found) id = fv_column_int(query), digest = fv_column_text(query);
 *
 * Parameters are bound, and columns read, one after the other. What goes wrong while binding is told by the next step. Errors:
 * FV_BUSY after the connection's wait, FV_CONFLICT for a constraint of the schema, FV_IO (a full disk is named), FV_DENIED,
 * FV_FORMAT (damaged), FV_MEMORY. */
#ifndef FV_REGISTRY_CONNECTION_H
#define FV_REGISTRY_CONNECTION_H

#include <stdbool.h>

#include "fovea/error.h"

typedef struct fv_connection fv_connection;

typedef struct fv_connection_options {
    bool read_only;
    bool immutable; /* read-only, without locks and shared memory: what is read counts only when nobody has written (unlocked.h)
                     */
    bool exclusive; /* for this process alone, without WAL */
    double wait_seconds;
    int64_t (*clock)(void); /* NULL: fv_wall_ms */
} fv_connection_options;

/* The database in a file that is made if need be; any schema. */
FV_MUST_USE fv_error *fv_connection_open(const char *path, const fv_connection_options *options, fv_connection **out);
void fv_connection_free(fv_connection *connection);
FV_CLEANUP(fv_connection);

/* Whose it is: a pointer that is kept for fv_registry_of (database.h). */
void fv_connection_set_owner(fv_connection *connection, void *owner);
void *fv_connection_owner(const fv_connection *connection);

/* Milliseconds since 1970, as they were when the transaction began: all of a transaction happens at one time. */
int64_t fv_connection_now(const fv_connection *connection);

int64_t fv_connection_wait_ms(const fv_connection *connection); /* how long others are waited for */

/* BEGIN IMMEDIATE to write, BEGIN to read; the wait for others starts here. */
FV_MUST_USE fv_error *fv_connection_begin(fv_connection *connection, bool write);
FV_MUST_USE fv_error *fv_connection_commit(fv_connection *connection); /* after an error it is rolled back */
void fv_connection_roll_back(fv_connection *connection);
/* Called once when the transaction under way is committed; one for all that ask for it, the last. It may begin another. */
void fv_connection_after_commit(fv_connection *connection, void (*call)(fv_connection *connection, void *context),
                                void *context);
bool fv_connection_in_transaction(const fv_connection *connection); /* false too when SQLite gave one up by itself */

/* Statements without parameters, divided by ';'. */
FV_MUST_USE fv_error *fv_connection_execute(fv_connection *connection, const char *sql);
/* The first column of the first row; `fallback` when there is no row or it is NULL. */
FV_MUST_USE fv_error *fv_connection_ask(fv_connection *connection, const char *sql, int64_t fallback, int64_t *out);

/* FV_MEMORY when a text that was read since the transaction began, or since this was last asked, was not read for want of
 * memory. fv_registry_read and fv_registry_write ask it behind every work: nothing is done by such a text. */
FV_MUST_USE fv_error *fv_connection_check(fv_connection *connection);

int64_t fv_connection_changes(const fv_connection *connection); /* rows that the last statement changed */
int64_t fv_connection_last_id(const fv_connection *connection); /* of the last row inserted */

/* The whole database as it is now into a new file, fsynced, while others go on writing. */
FV_MUST_USE fv_error *fv_connection_copy(fv_connection *connection, const char *path);

typedef struct fv_query fv_query;
/* Prepared once in a connection: `sql` is a constant. */
FV_MUST_USE fv_error *fv_query_begin(fv_connection *connection, const char *sql, fv_query **out);
/* Prepared for this time: `sql` is put together. */
FV_MUST_USE fv_error *fv_query_compose(fv_connection *connection, const char *sql, fv_query **out);
void fv_query_free(fv_query *query);
FV_CLEANUP(fv_query);

void fv_bind_text(fv_query *query, const char *text);                           /* copied; NULL is NULL */
void fv_bind_text_or(fv_query *query, const char *text, const char *otherwise); /* `otherwise` for NULL */
void fv_bind_int(fv_query *query, int64_t value);
void fv_bind_number(fv_query *query, double value); /* NaN is NULL */
void fv_bind_null(fv_query *query);

/* The next row, if there is one. */
FV_MUST_USE fv_error *fv_query_next(fv_query *query, bool *row);
/* A statement that gives no rows; afterwards it can be bound and run again. */
FV_MUST_USE fv_error *fv_query_run(fv_query *query);
fv_connection *fv_query_connection(const fv_query *query);

/* Borrowed until the next row. Never NULL: "" for NULL, and where there is no memory for it, which fv_connection_check tells.
 */
const char *fv_column_text(fv_query *query);
int64_t fv_column_int(fv_query *query);        /* 0 for NULL */
double fv_column_number(fv_query *query);      /* NaN for NULL */
bool fv_column_is_null(const fv_query *query); /* the next one; it is not read by this */

#endif
