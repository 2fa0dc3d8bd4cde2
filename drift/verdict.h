/* verdict.h - whether there is drift: of one window against a profile, and of windows one after another. Pure functions of what
 * they are given.
 *
 * A finding is drift when its effect is above its threshold AND its p, adjusted for all that were tested, is at most alpha AND
 * the window holds at least `least` observations. A window drifts when a finding does. An alarm takes `windows` drifting
 * windows in a row; it stands until a window in which every effect is below `calm` times its threshold (hysteresis), and after
 * it `cool_down` windows raise none. */
#ifndef FV_DRIFT_VERDICT_H
#define FV_DRIFT_VERDICT_H

#include "drift/profile.h"
#include "fovea/drift.h"

typedef struct fv_drift_policy {
    double alpha;
    int adjustment;             /* fv_adjustment */
    int64_t least, slice_least; /* of a window; of one class or key in it */
    double move; /* threshold of a series: Wasserstein distance in standard deviations, with the p of Kolmogorov and Smirnov */
    double mix;  /* of the class mix: Jensen–Shannon distance, with the p of χ² */
    double features; /* of the features' sketches: area under ROC of a domain classifier, with its own p */
    int64_t windows, cool_down;
    double calm;
} fv_drift_policy;
extern const fv_field fv_drift_policy_fields[];

typedef struct fv_drift_finding {
    const char *name; /* the statistic */
    const char *on;   /* the series, "classes", "features" */
    double value, p;  /* p is adjusted; NaN: it could not be tested */
    double raw_p;     /* as the test gave it */
    double threshold;
    int64_t n;                   /* observations of the window that it is of */
    double mean, reference_mean; /* of a series; else NaN */
    bool drift;
} fv_drift_finding;

#define FV_DRIFT_FINDINGS_MAX (FV_DRIFT_SERIES_MAX + 2)
#define FV_DRIFT_ON_CLASSES "classes"
#define FV_DRIFT_ON_FEATURES "features"

typedef struct fv_drift_report {
    int64_t n, count;
    fv_drift_finding findings[FV_DRIFT_FINDINGS_MAX];
    bool drift; /* of the window */
    bool calm;  /* every effect is far below its threshold */
    /* Accuracy without labels: the mean of calibrated confidences, and the standard error of the accuracy that a window of n
     * would have if they are right. NaN: no confidence is known. */
    double estimated_accuracy, estimated_error;
    double accuracy; /* of those whose truth is known; NaN: of none */
    int64_t labelled;
    int64_t unseen;           /* observations of classes that the reference never saw */
    int64_t outliers, scored; /* beyond the model's outlier threshold, of so many whose score is known */
} fv_drift_report;

/* Names in the report are the profile's. */
FV_MUST_USE fv_error *fv_drift_judge(const fv_drift_profile *profile, const fv_drift_window *window,
                                     const fv_drift_policy *policy, fv_drift_report *out);

/* Which findings of these reports are drift, their p adjusted for all of them together; fv_drift_judge has done so for its own.
 */
FV_MUST_USE fv_error *fv_drift_conclude(const fv_drift_policy *policy, fv_drift_report *const *reports, int64_t count);

/* The finding that is furthest beyond its threshold, one that is drift before any that is not; NULL: there is none. */
const fv_drift_finding *fv_drift_strongest(const fv_drift_report *report);
/* How far from nothing to its threshold: 1 is just there. Of an area under ROC nothing is one half. */
double fv_drift_strength(const fv_drift_finding *finding);

/* From window to window; { 0 } at first. */
typedef struct fv_drift_state {
    int64_t in_a_row, resting; /* drifting windows so far; windows in which no alarm is raised */
    bool alarmed;
} fv_drift_state;
/* True: this window raises an alarm, where none stood before. */
bool fv_drift_step_on(const fv_drift_policy *policy, const fv_drift_report *report, fv_drift_state *state);

#endif
