/* fovea/runs.h - runs in a registry: what was tried, with which parameters, and what came of it.
 *
 *   fv_run run;
 *   FV_TRY(fv_run_start(registry, &(fv_run_options){ .experiment = "cells/first", .name = "resnet18" }, &run));
 *   FV_TRY(fv_run_log(registry, &run, &(fv_run_batch){ .metrics = points, .metric_count = 3 }, NULL));
 *   FV_TRY(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
 *
 * A run that is under way has a lease, which every fv_run_log renews. Without one for FV_RUN_LEASE_SECONDS it is lost: whoever
 * had it is gone. fv_run_resume takes it back, and then a former holder that turns up again is refused (FV_CONFLICT), since its
 * `fence` is an older one.
 *
 * Threads, durability and further errors: as in registry.h. Text is UTF-8; times are milliseconds since 1970 UTC. */
#ifndef FOVEA_RUNS_H
#define FOVEA_RUNS_H

#include "fovea/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_RUN_LEASE_SECONDS 60
#define FV_RUN_ID_LETTERS 33 /* 32 hexadecimal letters and a NUL */

typedef enum fv_run_kind { FV_RUN_TRAIN, FV_RUN_EVAL, FV_RUN_RETRAIN, FV_RUN_SWEEP, FV_RUN_OTHER } fv_run_kind;

typedef enum fv_run_status {
    FV_RUN_SCHEDULED,
    FV_RUN_RUNNING,
    FV_RUN_STOPPED,  /* with a checkpoint, to be gone on with */
    FV_RUN_FINISHED, /* all of it */
    FV_RUN_FAILED,   /* `error` says why */
    FV_RUN_KILLED,   /* ended by somebody, for good */
    FV_RUN_LOST      /* running, but its lease is over: read, never written */
} fv_run_status;
FV_API const char *fv_run_status_name(fv_run_status status); /* "running", … */
FV_API const char *fv_run_kind_name(fv_run_kind kind);       /* "train", … */

/* ---- writing ---- */

typedef struct fv_run_options {
    const char *experiment; /* a name, / between its levels; made if need be; NULL: "Default" */
    const char *name;       /* NULL: one is made up of the kind and the id */
    fv_run_kind kind;
    const char *folder;     /* where its files are; NULL: nowhere */
    const char *parent;     /* id of the run that it belongs to; NULL: none */
    const char *seed_group; /* the same of runs that differ by their seed alone; NULL: none */
} fv_run_options;

/* A run in the hands of who writes it. */
typedef struct fv_run {
    char id[FV_RUN_ID_LETTERS];
    int64_t fence;
} fv_run;

FV_API FV_MUST_USE fv_error *fv_run_start(fv_registry *registry, const fv_run_options *options, fv_run *out);
/* Takes a run that is not being written, whatever its status, to go on with it: it is running again. FV_NOT_FOUND; FV_BUSY: its
 * lease holds, naming the holder; FV_CONFLICT: it is deleted. `id` may be `out->id`. */
FV_API FV_MUST_USE fv_error *fv_run_resume(fv_registry *registry, const char *id, fv_run *out);
/* The same by one who knows that whoever had it is gone, as by a lock that died with it: the lease counts no more. */
FV_API FV_MUST_USE fv_error *fv_run_take_over(fv_registry *registry, const char *id, fv_run *out);
/* The newest run of a folder that is not deleted; `found` false: there is none. */
FV_API FV_MUST_USE fv_error *fv_run_find_folder(fv_registry *registry, const char *folder, char id[FV_RUN_ID_LETTERS],
                                                bool *found);

typedef struct fv_metric_point {
    const char *key;
    double value;    /* NaN and infinities are kept */
    int64_t step;    /* may be negative, and may come again or out of order: every point is kept, the very same one once */
    int64_t time_ms; /* 0: now */
    int direction;   /* 1: higher is better, -1: lower is, 0: not known, and there is no best; the first that knows decides */
} fv_metric_point;

typedef struct fv_key_value {
    const char *key, *value;
} fv_key_value;

/* Whole or not at all. */
typedef struct fv_run_batch {
    const fv_metric_point *metrics;
    const fv_key_value *params; /* FV_CONFLICT naming key, old and new value when one is there with another value */
    const fv_key_value *tags;   /* an older value is replaced */
    int64_t metric_count, param_count, tag_count;
} fv_run_batch;

/* Also renews the lease; an empty batch does only that. `stop` (may be NULL): somebody asks the run to stop. FV_CONFLICT: the
 * run was taken by somebody else, has ended or is deleted. FV_USAGE: a key that is empty, longer than 250 bytes or has a
 * control character, a value of more than 6000 bytes (params) or 8000 (tags). */
FV_API FV_MUST_USE fv_error *fv_run_log(fv_registry *registry, const fv_run *run, const fv_run_batch *batch, bool *stop);

/* The same without holding the run: what is said of it afterwards, by anyone. */
FV_API FV_MUST_USE fv_error *fv_run_annotate(fv_registry *registry, const char *id, const fv_run_batch *batch);
FV_API FV_MUST_USE fv_error *fv_run_remove_tag(fv_registry *registry, const char *id, const char *key); /* FV_NOT_FOUND */

/* `role` "train", "val" or "test"; the set is known by its digest (64 hexadecimal letters), and made if need be. Of one that is
 * known the newest name and source count. */
typedef struct fv_run_data {
    const char *digest, *name, *source, *licence, *role;
    const char *profile; /* JSON, of what was counted; NULL: nothing */
    int64_t samples;
} fv_run_data;
FV_API FV_MUST_USE fv_error *fv_run_use_data(fv_registry *registry, const fv_run *run, const fv_run_data *data);

/* Keeps a copy of a file with the run, under a path with / between folders; one of that path is replaced. FV_USAGE: a path that
 * is absolute or has an empty, "." or ".." part. */
FV_API FV_MUST_USE fv_error *fv_run_keep_file(fv_registry *registry, const fv_run *run, const char *path, const char *file,
                                              const char *media_type);

/* STOPPED, FINISHED, FAILED or KILLED; `error` says why it failed, else NULL. */
FV_API FV_MUST_USE fv_error *fv_run_end(fv_registry *registry, const fv_run *run, fv_run_status status, const char *error);

/* FV_CONFLICT: it is not running. One that is lost is asked too: its holder may come back. */
FV_API FV_MUST_USE fv_error *fv_run_ask_to_stop(fv_registry *registry, const char *id);
FV_API FV_MUST_USE fv_error *fv_run_delete(fv_registry *registry, const char *id);  /* kept until gc; FV_BUSY: it is running */
FV_API FV_MUST_USE fv_error *fv_run_restore(fv_registry *registry, const char *id); /* FV_CONFLICT: its experiment is deleted */

/* ---- reading: texts that are not there are empty, never NULL ---- */

typedef struct fv_metric_summary {
    const char *key;
    int64_t count;
    int direction;
    double last, best, min, max; /* NaN: there is none; `last` also when it was NaN */
    int64_t last_step, best_step, min_step, max_step;
} fv_metric_summary;

typedef struct fv_run_row {
    const char *id, *name, *experiment, *user, *host, *folder, *parent, *seed_group, *error, *holder;
    fv_run_kind kind;
    fv_run_status status;
    bool deleted, stop_asked;
    int64_t started_ms, ended_ms; /* 0: has not ended */
    const fv_key_value *params, *tags;
    const fv_metric_summary *metrics; /* these three by key */
    int64_t param_count, tag_count, metric_count;
} fv_run_row;

typedef struct fv_runs_query {
    const char *experiment; /* it and those below it; NULL: all */
    const char *filter;     /* MLflow's grammar, e.g. "metrics.val_top1 > 0.9 and params.arch = 'resnet18'"; NULL: none */
    const char *order_by;   /* e.g. "metrics.val_top1 desc, attributes.start_time"; NULL: newest first */
    const char *after;      /* `next` of the page before; NULL: from the first */
    int64_t limit;          /* 0: 100 */
    int deleted;            /* 0: those that are not, 1: only those that are, 2: all */
} fv_runs_query;

/* An open value. */
typedef struct fv_run_list {
    const fv_run_row *rows;
    int64_t count;
    const char *next; /* NULL: there are no more. A page that follows begins behind the last row, whatever came meanwhile */
    void *memory;
} fv_run_list;

/* FV_USAGE: a filter or an order that makes no sense, with the place in it; `after` of another query. */
FV_API FV_MUST_USE fv_error *fv_runs_search(fv_registry *registry, const fv_runs_query *query, fv_run_list *out);
/* One run, deleted or not, as a list of one. `id` may be its name or its first letters, where these are of one run only: else
 * FV_CONFLICT, naming some. FV_NOT_FOUND. */
FV_API FV_MUST_USE fv_error *fv_run_find(fv_registry *registry, const char *id, fv_run_list *out);
FV_API void fv_run_list_release(fv_run_list *list);

/* An open value: the points of one metric in the order of step, time and value. */
typedef struct fv_metric_history {
    const int64_t *steps, *times_ms;
    const double *values;
    int64_t count;
    void *memory;
} fv_metric_history;
/* `most`: at most so many, evenly thinned with the last kept, from two on the first, from four on the extremes; 0: all.
 * FV_NOT_FOUND: no such run, or it has no such metric. */
FV_API FV_MUST_USE fv_error *fv_run_history(fv_registry *registry, const char *id, const char *key, int64_t most,
                                            fv_metric_history *out);
FV_API void fv_metric_history_release(fv_metric_history *history);

/* An open value. */
typedef struct fv_run_data_list {
    const fv_run_data *at; /* by role and name */
    int64_t count;
    void *memory;
} fv_run_data_list;
FV_API FV_MUST_USE fv_error *fv_run_list_data(fv_registry *registry, const char *id, fv_run_data_list *out);
FV_API void fv_run_data_list_release(fv_run_data_list *list);

/* An open value. */
typedef struct fv_run_files {
    const struct fv_run_file {
        const char *path, *digest, *media_type;
        int64_t size;
    } * at;
    int64_t count;
    void *memory;
} fv_run_files;
FV_API FV_MUST_USE fv_error *fv_run_list_files(fv_registry *registry, const char *id, fv_run_files *out);
FV_API void fv_run_files_release(fv_run_files *files);

/* An open value. */
typedef struct fv_experiment_list {
    const struct fv_experiment {
        const char *name, *description;
        bool deleted;
        int64_t id, created_ms, updated_ms;
        int64_t runs; /* that are not deleted by themselves */
    } * at;
    int64_t count;
    void *memory;
} fv_experiment_list;
FV_API FV_MUST_USE fv_error *fv_experiments_list(fv_registry *registry, bool deleted_too, fv_experiment_list *out);
FV_API void fv_experiment_list_release(fv_experiment_list *list);

/* FV_NOT_FOUND: there is no such experiment; FV_CONFLICT: it is deleted. */
FV_API FV_MUST_USE fv_error *fv_experiment_describe(fv_registry *registry, const char *name, const char *text);
/* With its runs, which are as if each were deleted, until gc; those below it stay. FV_BUSY: one of its runs is running.
 * FV_CONFLICT: it is Default. Deleting what is deleted, and restoring what is not, changes nothing. */
FV_API FV_MUST_USE fv_error *fv_experiment_delete(fv_registry *registry, const char *name);
/* Runs that were deleted by themselves stay so. */
FV_API FV_MUST_USE fv_error *fv_experiment_restore(fv_registry *registry, const char *name);

#ifdef __cplusplus
}
#endif
#endif
