/* experiments.h - experiments from inside a transaction. */
#ifndef FV_REGISTRY_EXPERIMENTS_H
#define FV_REGISTRY_EXPERIMENTS_H

#include "registry/connection.h"

/* Its number, made if need be; NULL is Default. FV_CONFLICT: it is deleted; FV_USAGE: no name. */
FV_MUST_USE fv_error *fv_experiment_need(fv_connection *connection, const char *name, int64_t *id);

#endif
