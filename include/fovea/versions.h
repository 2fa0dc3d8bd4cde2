/* fovea/versions.h - models in a registry: their versions, the aliases that point to them, every decision about an alias, and
 * what came of what.
 *
 *   fv_version_options options = { .model = "cells", .digest = digest, .run = run_id };
 *   FV_TRY(fv_version_add(registry, &options, &added));                    number 1, 2, … never used again
 *   FV_TRY(fv_version_find(registry, "cells@champion", &list));            list.rows[0]
 *
 * A model is a name; a version is a model file of that name, and never changes but for its description, tags and stage. What
 * is deleted stays until `fovea registry gc` and can be restored. A reference to a version is NAME (its newest), NAME@ALIAS,
 * NAME/3, or as MLflow has it NAME@latest and NAME@v3. Names of models have up to 250 bytes, none of them a control, '/', ':'
 * or '@', and no space at their ends; names of aliases are letters, digits, '_' and '-', except `latest` and `v` with digits.
 *
 * Threads, durability and further errors: as in registry.h. Text is UTF-8; times are milliseconds since 1970 UTC. Everywhere
 * FV_NOT_FOUND: there is no such model, version or alias, or it is deleted, with the way back as a hint; FV_USAGE: a name or
 * reference that cannot be one. Open values (lists) own what their rows point to. */
#ifndef FOVEA_VERSIONS_H
#define FOVEA_VERSIONS_H

#include "fovea/objects.h"
#include "fovea/runs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- versions ---- */

typedef struct fv_licence_of {
    const char *of, *licence; /* "training data", "CC-BY-4.0" */
    const char *from;         /* read: the version "NAME/3" that it was carried from; "" or NULL: its own */
} fv_licence_of;

/* What belongs to a version beside its model file: "predictions.jsonl", "recipe.yaml". */
typedef struct fv_version_file {
    const char *path, *digest;
    int64_t size; /* read only */
} fv_version_file;

typedef struct fv_version_options {
    const char *model;         /* made if need be; FV_CONFLICT: it is deleted */
    const char *digest;        /* of the model file, in the store; FV_NOT_FOUND: it is not */
    const char *run;           /* id of the run that made it; NULL: not known */
    const char *parent;        /* reference of the version it was retrained or fine-tuned from; NULL: none */
    const char *parent_digest; /* where no parent is named: of the file it was made from, whose newest version is the parent, if
                                  there is one; NULL: not known */
    const char *source;        /* where the file came from; NULL: nothing is said, as of the following */
    const char *description;
    const char *facts; /* JSON object: what the file says of itself */
    const fv_licence_of *licences;
    const fv_version_file *files; /* objects in the store; FV_USAGE: two of the same path */
    const fv_key_value *tags;
    const struct fv_lineage_edge *edges; /* beside what the registry knows by itself; an end NULL: this version */
    int64_t licence_count, file_count, tag_count, edge_count;
} fv_version_options;

typedef struct fv_version_added {
    int64_t number;
    bool existed; /* the model had this very file: it is that version, which gets the files that it lacks, the tags and the
                     edges, and to whose lineage a run that is another is added */
    int64_t files_added;
    int64_t files_kept; /* that an existing version had already under the same path, but other ones: a version is not changed */
} fv_version_added;

/* Whole or not at all. Licences of the run's data sets and of the parent are added to those given. */
FV_API FV_MUST_USE fv_error *fv_version_add(fv_registry *registry, const fv_version_options *options, fv_version_added *out);

typedef struct fv_version_row {
    const char *model, *digest, *run, *run_name, *parent; /* run, parent ("NAME/3"): NULL: not known */
    const char *source, *description, *facts, *created_by;
    int64_t number, size, created_ms;
    bool deleted;
    const char *const *aliases;
    const fv_key_value *tags; /* by key */
    const fv_licence_of *licences;
    const fv_version_file *files;
    int64_t alias_count, tag_count, licence_count, file_count;
} fv_version_row;

typedef struct fv_version_list {
    const fv_version_row *rows;
    int64_t count;
    int64_t next; /* for `before` of the next page; 0: there are no more */
    void *memory;
} fv_version_list;

/* One version as a list of one. */
FV_API FV_MUST_USE fv_error *fv_version_find(fv_registry *registry, const char *reference, fv_version_list *out);

typedef struct fv_versions_query {
    const char *model;
    int64_t before; /* numbers below it; 0: all */
    int64_t limit;  /* 0: 100 */
    bool deleted_too;
} fv_versions_query;
/* The newest first. */
FV_API FV_MUST_USE fv_error *fv_versions_list(fv_registry *registry, const fv_versions_query *query, fv_version_list *out);
FV_API void fv_version_list_release(fv_version_list *list);

/* FV_CONFLICT: an alias points to it. Deleting what is deleted, and restoring what is not, changes nothing. */
FV_API FV_MUST_USE fv_error *fv_version_delete(fv_registry *registry, const char *model, int64_t number);
FV_API FV_MUST_USE fv_error *fv_version_restore(fv_registry *registry, const char *model, int64_t number);

/* ---- models ---- */

typedef struct fv_alias_row {
    const char *name;
    int64_t number, set_ms;
} fv_alias_row;

typedef struct fv_models_row {
    const char *name, *description;
    int64_t versions; /* that are not deleted */
    int64_t newest;   /* of those; 0: none */
    int64_t created_ms, updated_ms;
    bool deleted;
    const fv_alias_row *aliases;
    const fv_key_value *tags;
    int64_t alias_count, tag_count;
} fv_models_row;

typedef struct fv_models_list {
    const fv_models_row *rows; /* by name */
    int64_t count;
    void *memory;
} fv_models_list;

/* `name`: that one alone, deleted or not (FV_NOT_FOUND); NULL: all. */
FV_API FV_MUST_USE fv_error *fv_models_find(fv_registry *registry, const char *name, bool deleted_too, fv_models_list *out);
FV_API void fv_models_list_release(fv_models_list *list);

/* A name without versions yet. FV_CONFLICT: there is one so called, deleted or not. */
FV_API FV_MUST_USE fv_error *fv_models_make(fv_registry *registry, const char *name, const char *description);
/* With all its versions, which are not found any more; its aliases are as they were when it is restored. */
FV_API FV_MUST_USE fv_error *fv_models_delete(fv_registry *registry, const char *name);
FV_API FV_MUST_USE fv_error *fv_models_restore(fv_registry *registry, const char *name);

/* Of a version, or (number 0) of the model. A tag's value NULL takes the tag away (FV_NOT_FOUND: there is none);
 * its key is a name as those of models, but for the letters that these may not have. */
FV_API FV_MUST_USE fv_error *fv_models_describe(fv_registry *registry, const char *model, int64_t number, const char *text);
FV_API FV_MUST_USE fv_error *fv_models_tag(fv_registry *registry, const char *model, int64_t number, const char *key,
                                           const char *value);

/* ---- aliases and decisions about them ---- */

typedef enum fv_alias_verb {
    FV_ALIAS_PROMOTE, /* through the gate, or by force */
    FV_ALIAS_ROLLBACK,
    FV_ALIAS_SET, /* by hand */
    FV_ALIAS_REMOVE
} fv_alias_verb;
FV_API const char *fv_alias_verb_name(fv_alias_verb verb); /* "promote", … */

typedef struct fv_alias_decision {
    const char *model, *alias;
    int64_t version;   /* 0: removes the alias */
    int64_t incumbent; /* where the alias pointed when it was decided; 0: nowhere */
    fv_alias_verb verb;
    bool taken;          /* false: the alias stays, and that is written down */
    const char *reasons; /* JSON: an array of {name, passed, text, numbers} */
} fv_alias_decision;

/* Moves the alias and writes the decision down, or only the latter. FV_CONFLICT: it is to be taken, and the alias does not
 * point to `incumbent` any more: somebody else decided meanwhile, and nothing is written. */
FV_API FV_MUST_USE fv_error *fv_alias_decide(fv_registry *registry, const fv_alias_decision *decision);

/* Moves the alias back to the version that it pointed to before the one it points to now, and so on when it is called again;
 * versions that are deleted are passed over. After a removal: to the version that it was taken from. FV_NOT_FOUND: there is
 * none. `reason` (may be NULL) is written down. */
FV_API FV_MUST_USE fv_error *fv_alias_roll_back(fv_registry *registry, const char *model, const char *alias, const char *reason,
                                                int64_t *number);

/* Where it points; 0: nowhere. */
FV_API FV_MUST_USE fv_error *fv_alias_get(fv_registry *registry, const char *model, const char *alias, int64_t *number);

typedef struct fv_promotion_list {
    const struct fv_promotion {
        const char *alias, *reasons, *actor;
        int64_t version, previous, decided_ms; /* 0: none */
        fv_alias_verb verb;
        bool taken;
    } * at; /* the newest first */
    int64_t count;
    void *memory;
} fv_promotion_list;
/* `alias` NULL: of all of them; `most` 0: all. */
FV_API FV_MUST_USE fv_error *fv_promotions_list(fv_registry *registry, const char *model, const char *alias, int64_t most,
                                                fv_promotion_list *out);
FV_API void fv_promotion_list_release(fv_promotion_list *list);

/* ---- what came of what ---- */

/* Kinds and how they are named: "dataset" by its digest, "run" and "job" by their ids, "version" as NAME/3 (one of another
 * workspace WORKSPACE:NAME/3), "deployment" as whoever deploys calls it. Relations: "trained", "evaluated", "made",
 * "retrained", "deployed", "extended" (a data set by what came back). */
typedef struct fv_lineage_edge {
    const char *from_kind, *from, *relation, *to_kind, *to;
    const char *name;   /* read: what people call the far end: a data set's or run's name; "": nothing else */
    int64_t depth;      /* read: edges between it and where the walk began, itself included */
    int64_t created_ms; /* 0: now, or not known */
} fv_lineage_edge;

typedef struct fv_lineage {
    const fv_lineage_edge *at; /* the nearest first */
    int64_t count;
    void *memory;
} fv_lineage;

/* What the registry cannot know by itself: deployments, and edges that came from elsewhere. That a run used a data set, a run
 * made a version and a version came from another, it knows. The same edge again is fine. */
FV_API FV_MUST_USE fv_error *fv_lineage_add(fv_registry *registry, const fv_lineage_edge *edge);
/* All that it came from, or (`forward`) that came of it. An end that nothing is known of has no edges. */
FV_API FV_MUST_USE fv_error *fv_lineage_walk(fv_registry *registry, const char *kind, const char *ref, bool forward,
                                             fv_lineage *out);
FV_API void fv_lineage_release(fv_lineage *lineage);

/* ---- notes ---- */

/* Kinds: "experiment" by its name, "run" by its id, "model" by its name, "version" as NAME/3, "dataset" by its digest. */
FV_API FV_MUST_USE fv_error *fv_note_add(fv_registry *registry, const char *kind, const char *ref, const char *text);

typedef struct fv_note_list {
    const struct fv_note {
        const char *text, *author;
        int64_t created_ms;
    } * at; /* the oldest first */
    int64_t count;
    void *memory;
} fv_note_list;
FV_API FV_MUST_USE fv_error *fv_notes_list(fv_registry *registry, const char *kind, const char *ref, fv_note_list *out);
FV_API void fv_note_list_release(fv_note_list *list);

#ifdef __cplusplus
}
#endif
#endif
