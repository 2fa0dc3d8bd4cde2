/* model_file.h - the file of the model that somebody names: a path, or a version in the registry. */
#ifndef FV_EXPERIMENTS_MODEL_FILE_H
#define FV_EXPERIMENTS_MODEL_FILE_H

#include <stdbool.h>

#include "core/base/arena.h"

/* Help of a positional MODEL. */
#define FV_MODEL_HELP "a .fovea file, or a version in the registry: NAME/3, NAME@ALIAS, NAME for the newest"

typedef struct fv_model_file {
    const char *path;    /* to be read */
    const char *name;    /* for people: the path, or NAME/3 */
    const char *version; /* NAME/3; NULL: a path was given, and the following are NULL and 0 too */
    const char *model;   /* NAME */
    int64_t number;      /* 3 */
    const char *run;     /* id of the run that made the version; NULL: not known */
} fv_model_file;

/* A file of that name is taken; where there is none, a version so called in the registry of `workspace` (as fv_registry_open
 * takes it), which is only read, once its bytes are found to be those that were registered. Texts are in the arena.
 * FV_NOT_FOUND: neither is there; FV_USAGE: a folder. */
FV_MUST_USE fv_error *fv_model_file_find(const char *given, const char *workspace, fv_arena *arena, fv_model_file *out);

/* It names a version, and could be no file: NAME@ALIAS or NAME/3, but for the name of a .fovea file. */
bool fv_model_file_is_version(const char *given);

#endif
