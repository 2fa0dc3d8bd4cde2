/* fovea/track.h - trainings and evaluations that are kept as runs in a registry while they happen.
 *
 *   fv_track track = { .experiment = "cells" };
 *   FV_TRY(fv_train_tracked(recipe, &options, &track, &result));
 *   printf("run %s\n", track.id);
 *
 * A training writes its parameters and data before the first step, its figures as they come, and its files (recipe, results,
 * report, predictions, best model) at the end. What is recorded changes no bit of what is trained, and no step waits for it:
 * where the registry cannot be written for a while, the training goes on, says so, and writes later. */
#ifndef FOVEA_TRACK_H
#define FOVEA_TRACK_H

#include "fovea/runs.h"
#include "fovea/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in every member is the default. */
typedef struct fv_track {
    const char *workspace;  /* as fv_registry_open takes it */
    const char *experiment; /* NULL: "Default" */
    const char *name;       /* of the run; NULL: its folder's own, or one is made up */
    const char *parent;     /* id of the run that it belongs to */
    fv_run_kind kind;
    char id[FV_RUN_ID_LETTERS]; /* out: the run; "" when there was none, as for a dry run */
} fv_track;

/* fv_train, recorded: a training that is gone on with goes on with its run. Only the task FV_TRAIN is, and of ranks the first
 * does it. The callbacks of `options` are called as by fv_train. FV_BUSY, FV_DENIED, … of the registry before the first step;
 * later it is said by the log, and is no error of the training. */
FV_API FV_MUST_USE fv_error *fv_train_tracked(const fv_recipe *recipe, const fv_train_options *options, fv_track *track,
                                              fv_train_result *result);

/* An evaluation as it came out. */
typedef struct fv_evaluated {
    const char *model; /* the file; the run that made it, if there is one in the registry, becomes the parent. Or a version,
                          NAME/3: the parent is the fv_track's */
    const char *data, *part;
    fv_precision precision;     /* of the network's products */
    const char *const *metrics; /* as fv_metric_measure takes them */
    const double *values;
    int64_t metric_count, samples;
    double loss; /* as fv_evaluation has it */
} fv_evaluated;
FV_API FV_MUST_USE fv_error *fv_track_evaluation(const fv_evaluated *evaluated, fv_track *track);

#ifdef __cplusplus
}
#endif
#endif
