/* lineage.h - lineage from inside a transaction. */
#ifndef FV_REGISTRY_LINEAGE_H
#define FV_REGISTRY_LINEAGE_H

#include "fovea/versions.h"
#include "registry/connection.h"

/* FV_USAGE: a kind or relation that there is not, or an end without a name. */
FV_MUST_USE fv_error *fv_lineage_check(const fv_lineage_edge *edge);
/* One that was checked; the same again is fine. */
FV_MUST_USE fv_error *fv_lineage_insert(fv_connection *connection, const fv_lineage_edge *edge);

#endif
