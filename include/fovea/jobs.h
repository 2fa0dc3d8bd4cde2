/* fovea/jobs.h - work that is to be done once, by whichever process comes first: retraining, for one.
 *
 *   fv_job job;
 *   bool found;
 *   FV_TRY(fv_job_take(registry, &(fv_job_wish){ .kind = "retrain" }, &job, &found));
 *   … FV_TRY(fv_job_renew(registry, &job, "{\"run\": …}", &cancel)) at least every minute …
 *   FV_TRY(fv_job_end(registry, &job, &(fv_job_outcome){ .state = FV_JOB_DONE }));
 *
 * A job that is running has a lease; without a renewal for FV_JOB_LEASE_SECONDS it is lost, and the next that takes one gets it
 * again, with what its last holder had noted. Then that holder, should it turn up, is refused (FV_CONFLICT), since its `fence`
 * is an older one. Of the jobs of one kind and subject one runs at a time.
 *
 * Threads, durability and further errors: as in registry.h. Times are milliseconds since 1970 UTC. */
#ifndef FOVEA_JOBS_H
#define FOVEA_JOBS_H

#include "fovea/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_JOB_LEASE_SECONDS 60
#define FV_JOB_ID_LETTERS 33 /* 32 hexadecimal letters and a NUL */

typedef enum fv_job_state {
    FV_JOB_QUEUED,
    FV_JOB_RUNNING,
    FV_JOB_DONE,
    FV_JOB_FAILED,
    FV_JOB_SKIPPED, /* there was nothing to do: `reason` says why */
    FV_JOB_CANCELLED,
    FV_JOB_LOST /* running, but its lease is over: read, never written */
} fv_job_state;
FV_API const char *fv_job_state_name(fv_job_state state); /* "queued", … */

/* ---- before ---- */

typedef struct fv_job_options {
    const char *kind;      /* "retrain" */
    const char *subject;   /* what it is about, a model's name; NULL: nothing */
    const char *key;       /* of jobs with the same key there is one, ever; NULL: none */
    const char *spec;      /* JSON, for who does it; NULL: {} */
    int64_t not_before_ms; /* 0: at once */
} fv_job_options;

/* `existed` (may be NULL): there was one of that key, whatever has become of it; `id` is that one's. FV_CONFLICT: that one is
 * of another kind or subject. */
FV_API FV_MUST_USE fv_error *fv_job_add(fv_registry *registry, const fv_job_options *options, char id[FV_JOB_ID_LETTERS],
                                        bool *existed);

/* One that waits is cancelled at once, as is one that is lost; one that runs is asked to stop, and its holder ends it. One that
 * has ended stays as it is. FV_NOT_FOUND. */
FV_API FV_MUST_USE fv_error *fv_job_cancel(fv_registry *registry, const char *id, const char *reason);

/* ---- doing it ---- */

/* A job in the hands of who does it. */
typedef struct fv_job {
    char id[FV_JOB_ID_LETTERS];
    int64_t fence, attempt; /* from 1 */
} fv_job;

typedef struct fv_job_wish {
    const char *kind;
    const char *subject; /* NULL: any */
    int64_t attempts;    /* one that was lost so often has failed; 0: 3 */
    bool alone;          /* the caller knows, as by a lock that dies with its process, that nobody else has any: leases count no
                            more, and one that is running is lost */
} fv_job_wish;

/* The one that was lost, or else the one that has been due longest. `found` false: there is none, or one of the same kind and
 * subject is running. */
FV_API FV_MUST_USE fv_error *fv_job_take(fv_registry *registry, const fv_job_wish *wish, fv_job *out, bool *found);

/* Renews the lease. `progress` (JSON; NULL: as before) is kept for who takes the job should this holder be lost. `stop` (may be
 * NULL): somebody wants it cancelled. FV_CONFLICT: it was taken by somebody else, or has ended. */
FV_API FV_MUST_USE fv_error *fv_job_renew(fv_registry *registry, const fv_job *job, const char *progress, bool *stop);

typedef struct fv_job_outcome {
    fv_job_state state; /* DONE, FAILED, SKIPPED or CANCELLED */
    const char *reason; /* in words; NULL: none is said */
    const char *result; /* JSON; NULL: {} */
    const char *run;    /* id of the run that it made; NULL: none */
} fv_job_outcome;
/* FV_CONFLICT as above: who has lost a job cannot end it. FV_NOT_FOUND: there is no such run. */
FV_API FV_MUST_USE fv_error *fv_job_end(fv_registry *registry, const fv_job *job, const fv_job_outcome *outcome);
/* Gives it back unfinished, with what `progress` says, to be taken again from `not_before_ms` on; this attempt does not count.
 */
FV_API FV_MUST_USE fv_error *fv_job_put_back(fv_registry *registry, const fv_job *job, const char *progress,
                                             int64_t not_before_ms);

/* ---- reading ---- */

typedef struct fv_job_row {
    const char *id, *key, *kind, *subject; /* key NULL: none */
    const char *spec, *progress, *result;  /* JSON */
    const char *reason, *holder, *run;     /* run NULL: none */
    fv_job_state state;
    bool stop_asked;
    int64_t attempts, fence;
    int64_t not_before_ms, created_ms, started_ms, ended_ms; /* 0: not yet */
} fv_job_row;

typedef struct fv_jobs_query {
    const char *kind, *subject; /* NULL: any */
    const char *id;             /* or the first letters of one; NULL: any */
    const char *before;         /* only those added before this one; NULL: from the newest */
    int64_t limit;              /* 0: 100 */
} fv_jobs_query;

/* An open value. */
typedef struct fv_job_list {
    const fv_job_row *at; /* newest first */
    int64_t count;
    void *memory;
} fv_job_list;
FV_API FV_MUST_USE fv_error *fv_jobs_list(fv_registry *registry, const fv_jobs_query *query, fv_job_list *out);
FV_API void fv_job_list_release(fv_job_list *list);

#ifdef __cplusplus
}
#endif
#endif
