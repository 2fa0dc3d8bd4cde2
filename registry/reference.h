/* reference.h - names of models and aliases, and references to versions: NAME, NAME@ALIAS, NAME/3. Any thread. */
#ifndef FV_REGISTRY_REFERENCE_H
#define FV_REGISTRY_REFERENCE_H

#include "fovea/error.h"

#define FV_MODEL_NAME_MAX 250

/* FV_USAGE saying what a name must be. */
FV_MUST_USE fv_error *fv_model_name_check(const char *name);
FV_MUST_USE fv_error *fv_alias_name_check(const char *name);

/* `alias` "" and `number` 0: the newest. */
typedef struct fv_reference {
    char model[FV_MODEL_NAME_MAX + 1], alias[FV_MODEL_NAME_MAX + 1];
    int64_t number;
} fv_reference;
FV_MUST_USE fv_error *fv_reference_parse(const char *text, fv_reference *out);
/* Of a name and a number; FV_USAGE where they cannot be one. */
FV_MUST_USE fv_error *fv_reference_of(const char *model, int64_t number, fv_reference *out);

#endif
