/* retrain.h - the job that retrains: what is known is gathered, a decision made (retrain_decide.h), and a job of the registry
 * done step by step. Each step leaves what it made on the disk before the next begins, and finds it again:
 *
 *   queued │ collect: the labels of now are fixed in retrain/JOB │ train: a run with checkpoints │ register: a version
 *          │ profile: its reference │ gate: promoted, held or rejected, written down │ ended
 *
 * Killed anywhere, whoever calls next goes on with that step: a training at its checkpoint, a version by its digest, a decision
 * by the registry's list of them. One process of a workspace retrains at a time, by a lock that dies with it; the job's lease
 * and fence keep out whom a lock does not reach. */
#ifndef FV_EXPERIMENTS_RETRAIN_H
#define FV_EXPERIMENTS_RETRAIN_H

#include "experiments/feedback.h"
#include "experiments/retrain_decide.h"
#include "fovea/jobs.h"
#include "fovea/train.h"
#include "fovea/versions.h"

#define FV_RETRAIN_KIND "retrain"
#define FV_RETRAIN_FOLDER "retrain"      /* in the workspace: a folder a job, until it has ended */
#define FV_RETRAIN_LABELS "labels.jsonl" /* a version's file: the labels it was made from */
#define FV_RETRAIN_TRAINED "train.csv"   /* and the list of pictures that it was trained on, with what they show */

/* Zero (NULL) in every member is the default. */
typedef struct fv_retrain_options {
    const char *workspace; /* as fv_registry_open takes it */
    const char *policy;    /* NULL: FV_RETRAIN_POLICY_FILE in the workspace */
    bool by_hand;
    const char *key; /* of the job: another call with it does nothing new; NULL: by model, trigger and labels */
    int64_t now;     /* seconds since 1970 UTC; 0: the machine's clock */
    int64_t workers;
    const char *device;
    const int *cancel; /* non-zero: stop with a checkpoint */
    void *context;
    void (*message)(void *context, const char *line);
    fv_progress_sink progress;
} fv_retrain_options;

typedef struct fv_retrain fv_retrain;
/* Opens the registry and reads the policy. FV_NOT_FOUND: there is no workspace, no policy, no such model. */
FV_MUST_USE fv_error *fv_retrain_open(const fv_retrain_options *options, fv_retrain **out);
void fv_retrain_free(fv_retrain *retrain);
FV_CLEANUP(fv_retrain);

fv_registry *fv_retrain_registry(const fv_retrain *retrain);
const fv_retrain_policy *fv_retrain_policy_get(const fv_retrain *retrain);

/* What is known now, and what follows; nothing is changed. Texts live as long as `retrain`. */
FV_MUST_USE fv_error *fv_retrain_look(fv_retrain *retrain, fv_retrain_facts *facts, fv_retrain_decision *decision);

/* How a job ended, kept as its result. */
typedef struct fv_retrain_result {
    const char *trigger, *verdict; /* verdict: "promoted", "held", "rejected"; "": none */
    int64_t challenger, champion;  /* numbers of versions; 0: none. champion: the version it was made from */
    bool promoted;
    int64_t labels; /* it was made from */
} fv_retrain_result;
extern const fv_field fv_retrain_result_fields[];

typedef struct fv_retrained {
    const char *job;   /* id; NULL: there is none */
    const char *state; /* of the job; "idle", "blocked", "busy" where there is none */
    const char *reason;
    fv_retrain_result result;
} fv_retrained;

/* A job that was left is gone on with; else, if the decision says so, one is begun. FV_CANCELLED: stopped, to be gone on with
 * by the next call. What a training fails of is the job's failure, not an error of this. */
FV_MUST_USE fv_error *fv_retrain_run(fv_retrain *retrain, fv_retrained *out);

/* Nothing is begun from now on; or again, and failures so far do not count. */
FV_MUST_USE fv_error *fv_retrain_pause(fv_retrain *retrain, const char *reason);
FV_MUST_USE fv_error *fv_retrain_resume(fv_retrain *retrain);

#endif
