/* monitor.h - verdicts window after window: what raised an alarm, of the whole and of each slice, and how it came to that.
 *
 *   FV_TRY(fv_drift_monitor_new(&profile, &policy, FV_DRIFT_BY_KEY, &monitor));
 *   FV_TRY(fv_drift_monitor_step(monitor, window, &step));        once a window
 *   if (step.raised) …
 *
 * The rule of alarms is that of verdict.h, for each slice by itself. One thread at a time. */
#ifndef FV_DRIFT_MONITOR_H
#define FV_DRIFT_MONITOR_H

#include "drift/slices.h"

typedef struct fv_drift_monitor fv_drift_monitor;
/* The profile is borrowed as long as the monitor lives. */
FV_MUST_USE fv_error *fv_drift_monitor_new(const fv_drift_profile *profile, const fv_drift_policy *policy, fv_drift_by by,
                                           fv_drift_monitor **out);
void fv_drift_monitor_free(fv_drift_monitor *monitor);
FV_CLEANUP(fv_drift_monitor);

typedef struct fv_drift_step_slice {
    const fv_drift_slice *slice;
    fv_drift_state state;
    bool raised; /* this window raised an alarm of it */
} fv_drift_step_slice;

/* Valid until the next step. */
typedef struct fv_drift_step {
    fv_drift_report report; /* of the whole window */
    fv_drift_state state;
    bool raised;
    const fv_drift_step_slice *slices;
    int64_t slice_count, left_out;
} fv_drift_step;
FV_MUST_USE fv_error *fv_drift_monitor_step(fv_drift_monitor *monitor, const fv_drift_window *window, fv_drift_step *out);

/* Since the beginning: of the whole and of slices. */
typedef struct fv_drift_totals {
    int64_t windows, drifting; /* in which the whole drifts */
    int64_t alarms;            /* that were raised, those of slices too */
    bool alarmed;              /* one stands, of the whole or of a slice */
} fv_drift_totals;
fv_drift_totals fv_drift_monitor_totals(const fv_drift_monitor *monitor);

#endif
