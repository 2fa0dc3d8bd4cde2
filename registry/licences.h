/* licences.h - under which licences that is which a version is made from. */
#ifndef FV_REGISTRY_LICENCES_H
#define FV_REGISTRY_LICENCES_H

#include "fovea/versions.h"
#include "registry/connection.h"

/* Writes down those given, those of the data sets that the version's run used, and those of its parent. */
FV_MUST_USE fv_error *fv_licences_add(fv_connection *connection, int64_t version, const fv_licence_of *licences, int64_t count);

#endif
