/* retrain_job.h - the retraining job from inside: what its files share. */
#ifndef FV_EXPERIMENTS_RETRAIN_JOB_H
#define FV_EXPERIMENTS_RETRAIN_JOB_H

#include "experiments/retrain.h"

#define FV_RETRAIN_KEYS_MAX 16

/* What the first step fixes; its file is written last of all. */
typedef struct fv_retrain_plan {
    int64_t champion; /* number of the version */
    const char *trigger;
    int64_t labels, train, check; /* labels in all; pictures trained on; newest labels measured on */
    int64_t reference;            /* pictures of the new version's reference: reference.csv; 0: there is none */
    fv_strings keys;              /* sources with pictures enough to be looked at: check-0.csv, … */
} fv_retrain_plan;
extern const fv_field fv_retrain_plan_fields[];

struct fv_retrain {
    fv_retrain_options options;
    fv_arena *arena;
    fv_registry *registry;
    fv_retrain_policy policy;
    /* gathered once */
    bool looked;
    fv_version_list champion; /* of one */
    fv_feedback feedback;
    fv_drift_profile profile;
    bool has_profile;
    fv_retrain_facts facts;
    fv_retrain_decision decision;
    int64_t due;            /* scheduled time, seconds */
    char labels_digest[33]; /* of all that came back */
    /* the job at hand */
    fv_job job;
    const char *folder;
    fv_retrain_plan plan;
    double renewed; /* when, by the steady clock */
    int stop;       /* the training's: asked for, or the job is another's */
    fv_error *lost; /* why it is */
};

void fv_retrain_say(fv_retrain *r, const char *format, ...) FV_PRINTF(2, 3);
/* The job is still ours, and at this step; FV_CONFLICT: it was taken by somebody else; FV_CANCELLED: somebody wants it stopped.
 */
FV_MUST_USE fv_error *fv_retrain_note(fv_retrain *r, const char *step);
FV_MUST_USE fv_error *fv_retrain_path(fv_retrain *r, const char *name, const char **out); /* in the job's folder */
FV_MUST_USE fv_error *fv_retrain_find_champion(fv_retrain *r);

/* The steps. Each may be done again. */
FV_MUST_USE fv_error *fv_retrain_collect(fv_retrain *r);
FV_MUST_USE fv_error *fv_retrain_train(fv_retrain *r);
FV_MUST_USE fv_error *fv_retrain_register(fv_retrain *r, int64_t *challenger);
FV_MUST_USE fv_error *fv_retrain_profile(fv_retrain *r, int64_t challenger);
FV_MUST_USE fv_error *fv_retrain_gate(fv_retrain *r, int64_t challenger, fv_retrain_result *result, const char **reason);

#endif
