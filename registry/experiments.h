/* experiments.h - experiments from inside a transaction. */
#ifndef FV_REGISTRY_EXPERIMENTS_H
#define FV_REGISTRY_EXPERIMENTS_H

#include "registry/connection.h"

/* Of a run r: whether it is deleted, by itself or with its experiment. */
#define FV_RUN_DELETED_SQL "(r.stage = 'deleted' OR r.experiment_id IN (SELECT id FROM experiment WHERE stage = 'deleted'))"

/* Its number, made if need be; NULL is Default. FV_CONFLICT: it is deleted; FV_USAGE: no name. */
FV_MUST_USE fv_error *fv_experiment_need(fv_connection *connection, const char *name, int64_t *id);

#endif
