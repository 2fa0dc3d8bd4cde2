/* models.h - models, versions and aliases within a transaction, as rows that are there and not deleted. */
#ifndef FV_REGISTRY_MODELS_H
#define FV_REGISTRY_MODELS_H

#include "registry/database.h"
#include "registry/reference.h"

/* `*id` 0: there is none; `*deleted`: it is there, but deleted. */
FV_MUST_USE fv_error *fv_model_lookup(fv_connection *connection, const char *name, int64_t *id, bool *deleted);
/* FV_NOT_FOUND when there is none, or it is deleted. */
FV_MUST_USE fv_error *fv_model_need(fv_connection *connection, const char *name, int64_t *id);

/* The version that a reference names; `*number` may be NULL. */
FV_MUST_USE fv_error *fv_version_need(fv_connection *connection, const fv_reference *reference, int64_t *id, int64_t *number);

/* Where an alias of a model points; 0: nowhere. */
FV_MUST_USE fv_error *fv_alias_target(fv_connection *connection, int64_t model, const char *alias, int64_t *number);

/* Into the audit log: "models/NAME", or (`number` not 0) "models/NAME/NUMBER". */
FV_MUST_USE fv_error *fv_model_audit(fv_connection *connection, const char *action, const char *model, int64_t number,
                                     const char *details);

/* A tag of a model, or (`number` not 0) of a version, whose row it is. */
typedef struct fv_model_tag {
    const char *model, *key, *value; /* value NULL: it is taken away */
    int64_t number, row;
} fv_model_tag;
/* FV_USAGE: a key that is empty, too long, no UTF-8 or has a control character; a value that is too long. */
FV_MUST_USE fv_error *fv_model_check_tag(const char *key, const char *value);
/* Set, or taken away (FV_NOT_FOUND), and told to the audit log. */
FV_MUST_USE fv_error *fv_model_set_tag(fv_connection *connection, const fv_model_tag *tag);

/* Marks the model as changed now. */
FV_MUST_USE fv_error *fv_model_touch(fv_connection *connection, int64_t id);

#endif
