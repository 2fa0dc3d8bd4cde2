/* profile.h - the reference profile: what a model's pictures looked like and what it said of them when it was made, small
 * enough to lie beside it. JSON, an object of the table fv_drift_profile_fields; docs/drift.md describes it. Profiles of parts
 * add up to that of the whole: counts, means and covariances exactly, quantiles to 1/256, the sketches to a uniform sample
 * again. */
#ifndef FV_DRIFT_PROFILE_H
#define FV_DRIFT_PROFILE_H

#include "core/base/fields.h"
#include "drift/window.h"

#define FV_DRIFT_POINTS 256      /* quantiles of a series: of (i + ½) / 256 */
#define FV_DRIFT_SKETCHES 256    /* kept of all */
#define FV_DRIFT_SLICES 16       /* classes that have quantiles of their own: the most frequent ones, */
#define FV_DRIFT_SLICE_LEAST 30  /* of which there are so many observations, */
#define FV_DRIFT_SLICE_POINTS 32 /* in so many quantiles a series */
#define FV_DRIFT_PROFILE_FILE "profile.json"
#define FV_DRIFT_PROFILE_BYTES_MAX (INT64_C(1) << 24)

typedef struct fv_drift_profile {
    int64_t version, n; /* of the format: 1; observations */
    fv_strings series;
    fv_floats seen, means, deviations; /* a number a series: observations that are no NaN, mean, standard deviation */
    fv_floats quantiles;               /* FV_DRIFT_POINTS a series, ascending; of a series never seen 0 */
    fv_strings classes;                /* sorted by name */
    fv_floats class_counts;            /* how often each was said, */
    fv_floats class_confidences;       /* with which mean confidence, */
    fv_floats class_right;             /* and how often of class_labelled that was right */
    fv_floats class_labelled;
    int64_t columns, sketched;                 /* of sketches: numbers of one, how many there were */
    fv_floats sketches;                        /* some of them, row by row: those with the smallest hashes, */
    fv_floats hashes;                          /* which are these */
    fv_floats sketch_means, sketch_covariance; /* of all; the lower triangle, row by row */
    /* Series of what was said to be of one class, class by class. */
    fv_strings slices;                                  /* names, sorted */
    fv_floats slice_seen, slice_means, slice_quantiles; /* as the three above */
} fv_drift_profile;
extern const fv_field fv_drift_profile_fields[];

FV_MUST_USE fv_error *fv_drift_profile_make(const fv_drift_window *window, fv_arena *arena, fv_drift_profile *out);
/* Of both together; FV_USAGE: other series, or sketches of another length. */
FV_MUST_USE fv_error *fv_drift_profile_merge(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena,
                                             fv_drift_profile *out);
/* What it knows of one class, as a profile of series alone; `*known` false: nothing. */
FV_MUST_USE fv_error *fv_drift_profile_slice(const fv_drift_profile *profile, const char *class, fv_arena *arena,
                                             fv_drift_profile *out, bool *known);
/* Parts of _make and _merge. */
FV_MUST_USE fv_error *fv_drift_make_slices(const fv_drift_window *window, fv_arena *arena, fv_drift_profile *profile);
FV_MUST_USE fv_error *fv_drift_merge_slices(const fv_drift_profile *a, const fv_drift_profile *b, fv_arena *arena,
                                            fv_drift_profile *out);
/* `a`, `b`, `out`: `points` quantiles each; of n and of m observations, of all. */
void fv_drift_join_quantiles(const double *a, double n, const double *b, double m, int64_t points, double *out);

/* JSON, and back: FV_FORMAT names `where` and what is wrong. */
void fv_drift_profile_print(const fv_drift_profile *profile, fv_text *out);
FV_MUST_USE fv_error *fv_drift_profile_parse(const char *json, const char *where, fv_arena *arena, fv_drift_profile *out);

/* To five digits, as a profile keeps numbers: what is compared with one is rounded likewise, or a confidence of 0.9999998 would
 * be below the reference's of 1. */
double fv_drift_round(double value);

int64_t fv_drift_profile_find(const fv_drift_profile *profile, const char *series); /* −1: no such series */
/* Squared Mahalanobis distance of a sketch from the mean, its covariance shrunk by a tenth towards its diagonal; the arena
 * holds what is worked out once (*factor NULL at first). */
FV_MUST_USE fv_error *fv_drift_profile_distance(const fv_drift_profile *profile, const float *sketch, fv_arena *arena,
                                                double **factor, double *out);

#endif
