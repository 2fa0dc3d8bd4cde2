/* bundle.h - a version as a folder, from one registry to another:
 *
 *   version.json     what the registry knows of it (bundle.c has the table), and what it came from
 *   model.fovea      the model file
 *   files/…          what is kept with it: predictions.jsonl, recipe.yaml
 *
 * Digests of the files are in version.json; what does not fit them is not imported. Names of versions that lie in the lineage
 * have the workspace in front, WORKSPACE:NAME/3, so that nothing is mixed up with versions of the registry they come to. */
#ifndef FV_EXPERIMENTS_BUNDLE_H
#define FV_EXPERIMENTS_BUNDLE_H

#include "core/base/arena.h"
#include "fovea/versions.h"

/* Into `folder`, which must not be there yet; it appears whole or not at all. FV_FORMAT: a file was damaged in the store. */
FV_MUST_USE fv_error *fv_bundle_export(fv_registry *registry, const char *reference, const char *folder);

/* What can be told before there is a registry to import into; errors as fv_bundle_import's. */
FV_MUST_USE fv_error *fv_bundle_check(const char *folder, fv_arena *arena);

typedef struct fv_imported {
    const char *model; /* in the arena */
    char digest[FV_DIGEST_LETTERS];
    fv_version_added version;
} fv_imported;

/* As the next version of model `name` (NULL: the name that it had); done again, it is the same version. The file is checked as
 * one that is registered. FV_FORMAT: the folder is no bundle, or a file is not what its digest says. */
FV_MUST_USE fv_error *fv_bundle_import(fv_registry *registry, const char *folder, const char *name, fv_arena *arena,
                                       fv_imported *out);

#endif
