/* identity.c - the workspace's own id, which a migration gave it. */
#include <stdio.h>

#include "registry/database.h"

static const char get[] = "SELECT value FROM setting WHERE key = 'workspace'";

static fv_error *do_get(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, get, &query));
    FV_TRY(fv_query_next(query, &row));
    if (!row) return fv_fail(FV_FORMAT, "the workspace has no id");
    snprintf(context, FV_WORKSPACE_ID_LETTERS, "%s", fv_column_text(query));
    return NULL;
}

fv_error *fv_workspace_id(fv_registry *registry, char out[FV_WORKSPACE_ID_LETTERS]) {
    out[0] = 0;
    return fv_registry_read(registry, do_get, out);
}
