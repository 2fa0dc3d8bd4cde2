/* models.h - the table of what is served: which version answers for a name, an alias or a number, now.
 *
 * It follows the registry: each model answers for each of its aliases, and for its bare name by the alias `champion`, or by its
 * newest version where it has no such alias. A decision there (an alias moved, a version added, a model deleted) is seen within
 * a second, or at once after fv_models_table_poke. Then the new version is loaded, checked by its own pictures and warmed, and
 * takes over from one ask to the next; the old one ends when its last ask is answered. A version that cannot be loaded is
 * refused: the old one stays, and why is told in the view. Files are served too, under a name; a file that has changed is the
 * name's next version at the next poke.
 *
 * Memory: with a bound, what was not asked for longest is put down when another needs its room, and loaded again when it is
 * asked for. Beside the versions of aliases, those that were asked for by number stay, the latest few.
 *
 * Any thread. One thread of the table loads and frees, all else only looks; asking never waits for a load. */
#ifndef FV_SERVE_MODELS_H
#define FV_SERVE_MODELS_H

#include "core/base/text.h"
#include "fovea/registry.h"
#include "serve/engine.h"

#define FV_DEFAULT_ALIAS "champion"
#define FV_BY_NUMBER 4 /* versions that no alias points to and that were asked for by number: so many stay */

typedef struct fv_models_table fv_models_table;

/* Zero in every member is the default, but for the engine. */
typedef struct fv_models_options {
    fv_engine *engine;      /* borrowed: told of each version before it answers */
    fv_registry *registry;  /* borrowed; NULL: files alone */
    int64_t max_batch;      /* as in fv_served_options */
    fv_precision precision; /* likewise */
    int64_t memory;         /* bytes that loaded versions may take; 0: any */
    bool features;          /* as in fv_served_options */
    const char *deployment; /* what this server is called in the lineage of versions; copied; NULL: it is not written there */
    double poll_seconds;    /* 0: 1 */
} fv_models_options;

/* Begins to load what the registry's aliases point to: fv_models_table_ready says when all is there. */
FV_MUST_USE fv_error *fv_models_table_new(const fv_models_options *options, fv_models_table **out);
/* Nobody may hold a version or a view any more: the engine was drained before. It is freed afterwards, since until then the
 * table's thread asks it for room. */
void fv_models_table_free(fv_models_table *table);
FV_CLEANUP(fv_models_table);

/* Serves a file under that name, as its version 1; loaded when it returns. FV_CONFLICT: the name is taken. */
FV_MUST_USE fv_error *fv_models_table_add_file(fv_models_table *table, const char *name, const char *path);

/* A reference to the version that answers for `name`: by its number (> 0), its alias, or neither (NULL, 0). FV_NOT_FOUND: there
 * is no such model, alias or version, it was unloaded, or none could be loaded, with the reason. FV_BUSY: it is being loaded,
 * from now on if it was not before; worth asking again in a second. FV_USAGE: a name that cannot be one. */
FV_MUST_USE fv_error *fv_models_table_get(fv_models_table *table, const char *name, const char *alias, int64_t version,
                                          fv_served **out);

/* Whether all that is wanted was loaded or refused; else a line of what is still waited for is added to `waiting` (may be
 * NULL). */
bool fv_models_table_ready(fv_models_table *table, fv_text *waiting);

/* Looks now whether decisions were made or files changed, and tries again what was refused. For SIGHUP; from any thread. */
void fv_models_table_poke(fv_models_table *table);

/* ---- orders: v2's repository calls ---- */

typedef enum fv_models_verb {
    FV_MODELS_LOAD,  /* what its names point to, anew if it was refused; after an unload it is served again */
    FV_MODELS_UNLOAD /* it is not served until it is loaded by order */
} fv_models_verb;

/* The caller's until `done`, which the table's thread calls once, and which must not wait. */
typedef struct fv_models_order {
    fv_models_verb verb;
    const char *name;
    const char *path; /* NULL: what fv_models_table_add_file gives */
    void (*done)(struct fv_models_order *order);
    void *context;
    fv_error *error; /* the caller's to free. FV_NOT_FOUND; a load's: why the version was refused */
    struct fv_models_order *next;
} fv_models_order;
void fv_models_table_order(fv_models_table *table, fv_models_order *order);

/* ---- looking ---- */

typedef enum fv_model_state {
    FV_MODEL_READY,
    FV_MODEL_LOADING, /* or waits to be */
    FV_MODEL_REFUSED, /* `reason` */
    FV_MODEL_RESTING, /* not in memory, for want of room: loaded when it is asked for */
    FV_MODEL_UNLOADED /* by order */
} fv_model_state;
#define FV_MODEL_STATE_NAMES "ready,loading,refused,resting,unloaded"

typedef struct fv_model_status {
    const char *model;
    int64_t version;
    fv_model_state state;
    const char *reason;         /* of what is refused; else "" */
    fv_served *served;          /* held by the view; NULL: not loaded */
    const char *const *aliases; /* that it answers for; "": the bare name */
    int64_t alias_count;
    const char *const *awaited; /* that it will answer for when it is ready */
    int64_t awaited_count;
} fv_model_status;

/* What the table is at one moment; never changes. */
typedef struct fv_models_view {
    const fv_model_status *rows; /* by model, then version */
    int64_t count;
    int64_t bytes;            /* that loaded versions take, those included that are still ending */
    int64_t swaps, refusals;  /* so far: a name given another version; a version refused */
    int64_t loads, evictions; /* so far */
    double load_seconds;      /* of all loads */
} fv_models_view;
const fv_models_view *fv_models_table_view(fv_models_table *table); /* a reference */
void fv_models_view_unref(const fv_models_view *view);              /* NULL is allowed */

#endif
