/* drivers.h - the observations that drive a finding, the strongest first: of a series those that lie furthest to the side it
 * moved to, of the class mix those of the class that grew most, of the features those furthest from the reference. */
#ifndef FV_DRIFT_DRIVERS_H
#define FV_DRIFT_DRIVERS_H

#include "drift/verdict.h"

typedef struct fv_drift_driver {
    int64_t observation;
    const char *source, *label; /* in the arena; NULL: not known */
    double score;               /* the series' number; how much the class' share grew; the squared distance */
} fv_drift_driver;

/* At most `most` of those whose picture has a name. */
FV_MUST_USE fv_error *fv_drift_drivers(const fv_drift_profile *profile, const fv_drift_window *window,
                                       const fv_drift_finding *finding, int64_t most, fv_arena *arena, fv_drift_driver **out,
                                       int64_t *count);

#endif
