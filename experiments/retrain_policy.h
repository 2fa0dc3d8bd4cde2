/* retrain_policy.h - when a model is retrained, from what, and what a new version must show: a YAML file of these keys
 * (docs/retrain.md), and under `drift:` those of the drift policy. */
#ifndef FV_EXPERIMENTS_RETRAIN_POLICY_H
#define FV_EXPERIMENTS_RETRAIN_POLICY_H

#include "drift/verdict.h"
#include "experiments/schedule.h"

#define FV_RETRAIN_POLICY_FILE "retrain.yaml" /* in the workspace, where no other is named */

typedef enum fv_retrain_rows { FV_RETRAIN_ALL, FV_RETRAIN_RECENT, FV_RETRAIN_REPLAY } fv_retrain_rows;
typedef enum fv_retrain_start { FV_RETRAIN_FROM_CHAMPION, FV_RETRAIN_FROM_SCRATCH } fv_retrain_start;
typedef enum fv_retrain_promotion { FV_RETRAIN_PROMOTE, FV_RETRAIN_BY_HAND } fv_retrain_promotion;

typedef struct fv_retrain_policy {
    /* what is retrained */
    const char *model, *alias, *data, *source, *source_options, *held_out, *log, *recipe;
    /* when */
    bool on_drift;
    double on_estimated_accuracy, on_accuracy; /* below it; 0: never */
    int64_t on_labels;                         /* so many that are new; 0: never */
    int64_t predictions;                       /* of a window of the log */
    const char *schedule, *zone;
    double late_hours;
    int64_t failures, budget_jobs;
    double budget_days, budget_hours;
    /* from what */
    int rows; /* fv_retrain_rows */
    int64_t recent, reference, check_every;
    double replay;
    int start; /* fv_retrain_start */
    /* what may come back */
    int64_t check_rows;
    double most_duplicates, most_contradictions, most_flips, most_outliers, most_from_one;
    /* the gate */
    int promotion; /* fv_retrain_promotion */
    double margin, new_margin, slice_margin, larger, slower;
    int64_t slice_pictures;
    fv_drift_policy drift;
    fv_schedule due; /* of `schedule`, when there is one */
} fv_retrain_policy;
extern const fv_field fv_retrain_policy_fields[];

/* From a YAML file; paths in it are relative to its folder. Texts are in the arena. FV_USAGE names key, line and way out. */
FV_MUST_USE fv_error *fv_retrain_policy_read(const char *path, fv_arena *arena, fv_retrain_policy *out);

#endif
