/* statistic.h - what a statistic of drift is: one file drift/NAME.c, its definition and source in the file comment, its
 * descriptor last. */
#ifndef FV_DRIFT_STATISTIC_H
#define FV_DRIFT_STATISTIC_H

#include "core/base/part.h"
#include "fovea/drift.h"

/* Which members of the samples it looks at. */
typedef enum fv_drift_kind { FV_ON_NUMBERS = 1, FV_ON_COUNTS = 2, FV_ON_VECTORS = 4 } fv_drift_kind;

typedef struct fv_statistic {
    FV_PART;
    unsigned on;      /* fv_drift_kind */
    double threshold; /* a value above it is drift in the view of those who use it; NaN: its p decides */
    /* Samples are there and fit each other; `options` of `fields`. What it takes for its work comes from `scratch`. */
    fv_error *(*measure)(const fv_drift_sample *reference, const fv_drift_sample *current, const void *options,
                         fv_arena *scratch, fv_drift_value *out);
} fv_statistic;

extern const fv_statistic *const fv_statistic_table[]; /* generated, sorted by name */
extern const int fv_statistic_table_count;

FV_MUST_USE fv_error *fv_statistic_find(const char *text, fv_arena *arena, const fv_statistic **statistic,
                                        const void **options);

/* Σ counts. */
double fv_drift_total(const fv_drift_sample *sample);
/* How many the numbers stand for. */
double fv_drift_n(const fv_drift_sample *sample);

/* The two distribution functions of numbers, walked along together: between `at` and `next` they are `reference` and
 * `current`. { 0 } before the first. */
typedef struct fv_drift_step {
    int64_t reference_done, current_done;
    double at, next, reference, current; /* `next` is `at` at the end */
} fv_drift_step;
bool fv_drift_walk(const fv_drift_sample *reference, const fv_drift_sample *current, fv_drift_step *step);

#endif
