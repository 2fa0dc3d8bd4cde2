/* say.h - a step of a monitor in words, as JSON, and as gauges for Prometheus. */
#ifndef FV_DRIFT_SAY_H
#define FV_DRIFT_SAY_H

#include "core/base/text.h"
#include "drift/drivers.h"
#include "drift/monitor.h"

/* Why: "brightness moved by 0.83 standard deviations, from 0.61 to 0.48 (threshold 0.2, p 1e-09 of 150 predictions)". */
void fv_drift_say(const fv_drift_finding *finding, fv_text *out);

/* What a check found, of one model. */
typedef struct fv_drift_told {
    const char *model;
    int64_t version;           /* 0: a file */
    const fv_drift_step *step; /* the last window's */
    fv_drift_totals totals;
    fv_drift_by by;
    int64_t reference_n;
    const fv_drift_driver *drivers; /* of the finding that drives it, the strongest first */
    int64_t driver_count;
    int64_t checked_us; /* since 1970; 0: not said */
} fv_drift_told;

/* One object without a line end; docs/drift.md lists its members. */
void fv_drift_json(const fv_drift_told *told, fv_text *out);

/* The text format 0.0.4 of Prometheus: each gauge once with its help, a sample a model, finding and slice. */
void fv_drift_prometheus(const fv_drift_told *models, int64_t count, fv_text *out);

#endif
