/* retrain_decide.h - whether a model is retrained now: a pure function of what is known. */
#ifndef FV_EXPERIMENTS_RETRAIN_DECIDE_H
#define FV_EXPERIMENTS_RETRAIN_DECIDE_H

#include "experiments/retrain_policy.h"

typedef struct fv_retrain_facts {
    bool by_hand;              /* somebody asks for it */
    const char *paused;        /* why nothing is begun; NULL: it is not paused */
    int64_t failures;          /* in a row, the newest jobs */
    const char *failed_of;     /* what the newest of them failed of */
    int64_t begun;             /* trainings in the budget's days */
    const char *drift_unknown; /* why drift is not looked at; NULL: it is */
    bool drift;
    const char *drift_on;                /* what moved, in words */
    double estimated_accuracy, accuracy; /* NaN: not known */
    int64_t n, labelled;                 /* of the newest window: predictions, labels */
    int64_t labels, new_labels;          /* of all: those that came back, those that no version and no job had */
    const char *due;                     /* the scheduled time, in words; NULL: none is due */
} fv_retrain_facts;

typedef enum fv_retrain_verdict {
    FV_RETRAIN_IDLE,    /* nothing asks for it */
    FV_RETRAIN_BLOCKED, /* something does, but it is paused, off or over its budget: nothing is owed later */
    FV_RETRAIN_SKIP,    /* a job that is skipped, with its reason */
    FV_RETRAIN_RUN
} fv_retrain_verdict;

typedef struct fv_retrain_decision {
    fv_retrain_verdict verdict;
    const char *trigger; /* "hand", "schedule", "drift", "estimated_accuracy", "accuracy", "labels"; NULL: none */
    const char *reason;  /* a sentence without its full stop, in the arena */
} fv_retrain_decision;

/* By hand it is done though paused, off or over the budget, but not without new labels. */
FV_MUST_USE fv_error *fv_retrain_decide(const fv_retrain_facts *facts, const fv_retrain_policy *policy, fv_arena *arena,
                                        fv_retrain_decision *out);

#endif
