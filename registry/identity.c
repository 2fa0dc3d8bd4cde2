/* identity.c - the workspace's own id. */
#include <stdio.h>

#include "registry/database.h"

static const char get[] = "SELECT value FROM setting WHERE key = 'workspace'";
static const char make[] = "INSERT INTO setting (key, value) VALUES ('workspace', ?)";

static fv_error *do_get(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    bool row;
    FV_TRY(fv_query_begin(c, get, &query));
    FV_TRY(fv_query_next(query, &row));
    if (row) snprintf(context, FV_WORKSPACE_ID_LETTERS, "%s", fv_column_text(query));
    return NULL;
}

static fv_error *do_make(fv_connection *c, void *context) {
    FV_OWNED(fv_query) query = NULL;
    char *id = context;
    FV_TRY(do_get(c, id));
    if (*id) return NULL; /* somebody else was first */
    fv_uuid(id);
    FV_TRY(fv_query_begin(c, make, &query));
    fv_bind_text(query, id);
    return fv_query_run(query);
}

fv_error *fv_workspace_id(fv_registry *registry, char out[FV_WORKSPACE_ID_LETTERS]) {
    out[0] = 0;
    FV_TRY(fv_registry_read(registry, do_get, out));
    return out[0] ? NULL : fv_registry_write(registry, do_make, out);
}
