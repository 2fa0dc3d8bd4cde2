/* feedback.h - labels that came back, joined with what was predicted, and whether they can be trusted: checks that are a pure
 * function of the rows. */
#ifndef FV_EXPERIMENTS_FEEDBACK_H
#define FV_EXPERIMENTS_FEEDBACK_H

#include "core/base/text.h"
#include "drift/profile.h"
#include "experiments/gate.h"
#include "experiments/retrain_policy.h"
#include "fovea/prediction_log.h"

typedef struct fv_feedback_row {
    const char *id, *source, *label; /* source: the picture's absolute path */
    const char *key;                 /* NULL: none */
    int64_t time_us;                 /* when it was told */
    const char *said;                /* by the model */
    double score;                    /* of that */
    bool known;                      /* the properties are: */
    fv_image_properties properties;
    char content[33]; /* hash of the picture's bytes */
    bool kept;        /* it lies with the log, and goes when that is full */
    bool held_out;    /* never trained on: by that hash, so always the same ones */
} fv_feedback_row;

typedef struct fv_feedback_traffic { /* predictions by key */
    const char *key;
    int64_t predictions;
} fv_feedback_traffic;

typedef struct fv_feedback {
    fv_feedback_row *rows; /* in the order in which they were told; equal times by id */
    int64_t count;
    fv_feedback_traffic *traffic;
    int64_t key_count, predictions;
    int64_t lost; /* labels whose picture is not there any more, or was never named */
} fv_feedback;

/* Of all predictions of a model in a log, those whose class was told. Lists are in the arena. `check_every`: of so many labels
 * one is held out. */
FV_MUST_USE fv_error *fv_feedback_read(const char *log, const char *model, int64_t check_every, fv_arena *arena,
                                       fv_feedback *out);

/* Duplicates, contradictions, flips, outliers, one source flooding: each a check with its share and bound. `profile` may be
 * NULL. `trusted`: all pass. */
FV_MUST_USE fv_error *fv_feedback_judge(const fv_feedback *feedback, const fv_drift_profile *profile,
                                        const fv_retrain_policy *policy, fv_arena *arena, fv_gate_decision *out);

/* A line of JSON a row: id, label, source. What a version was trained on is kept so, and equal rows are equal lines. */
void fv_feedback_line(const fv_feedback_row *row, fv_text *out);

#endif
