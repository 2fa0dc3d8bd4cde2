/* slices.h - verdicts on parts of a window: of each class that was said, of each key (a camera, a site). A shift of one of them
 * is diluted in the whole, and one that moves two in opposite ways cancels. Pure functions.
 *
 * What was said to be of a class is compared with what the profile knows of that class; what came by a key with the whole
 * profile. The p of all slices are adjusted together, and a slice of fewer than the policy's slice_least is not tested. */
#ifndef FV_DRIFT_SLICES_H
#define FV_DRIFT_SLICES_H

#include "drift/verdict.h"

typedef enum fv_drift_by { FV_DRIFT_WHOLE, FV_DRIFT_BY_CLASS, FV_DRIFT_BY_KEY } fv_drift_by;
#define FV_DRIFT_BY_NAMES "none,class,key"
#define FV_DRIFT_SLICES_MAX 64 /* of a window: the largest */

typedef struct fv_drift_slice {
    const char *name;
    bool tested; /* false: too few, or the profile knows nothing of it; its report has n and accuracies alone */
    bool known;
    fv_drift_window *window; /* its observations */
    fv_drift_report report;
} fv_drift_slice;

/* An open value: { 0 }, then fv_drift_slices_release. By name. */
typedef struct fv_drift_slices {
    fv_arena *arena;
    fv_drift_slice *at;
    int64_t count;
    int64_t left_out; /* beyond FV_DRIFT_SLICES_MAX */
} fv_drift_slices;
FV_MUST_USE fv_error *fv_drift_judge_slices(const fv_drift_profile *profile, const fv_drift_window *window,
                                            const fv_drift_policy *policy, fv_drift_by by, fv_drift_slices *out);
void fv_drift_slices_release(fv_drift_slices *slices);

#endif
