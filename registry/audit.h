/* audit.h - the append-only log of decisions, written in the transaction of what it tells. One thread at a time per connection;
 * the chain is of all processes, since they take turns at writing. */
#ifndef FV_REGISTRY_AUDIT_H
#define FV_REGISTRY_AUDIT_H

#include "fovea/care.h"
#include "registry/connection.h"

/* Inside a write transaction. `action` is NOUN.VERB ("alias.set"), `subject` what it was done to ("models/cells@champion"),
 * `details` JSON, NULL for {}. The first one makes the key. FV_NOT_FOUND: it is gone. */
FV_MUST_USE fv_error *fv_audit_add(fv_connection *connection, const char *action, const char *subject, const char *details);

/* Inside a write transaction: fv_registry_restart_log's. */
FV_MUST_USE fv_error *fv_audit_restart(fv_connection *connection);

#endif
