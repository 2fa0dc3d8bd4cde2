/* fovea/drift.h - whether what a model sees now is what it was made from.
 *
 * Two samples are compared, the reference and the current one: numbers (a property of pictures, a confidence), counts of
 * categories or bins (classes), or vectors (features). Statistics are named by text, "wasserstein", "psi", with options.
 * Functions are pure; any thread. */
#ifndef FOVEA_DRIFT_H
#define FOVEA_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of one sample: the members of one of the three kinds, or of several. */
typedef struct fv_drift_sample {
    double n;              /* observations that the numbers stand for; 0: as many as there are points */
    int64_t points;        /* numbers, */
    const double *values;  /* ascending; each of the same weight: all that were seen, or their quantiles */
    int64_t bins;          /* categories or bins, the same ones in both samples, */
    const double *counts;  /* and how often each was seen */
    int64_t rows, columns; /* vectors, */
    const float *vectors;  /* row by row */
} fv_drift_sample;

typedef struct fv_drift_value {
    double value; /* NaN: undefined */
    double p;     /* NaN: the statistic has none */
} fv_drift_value;

/* FV_USAGE: no such statistic or option, or samples that it is not defined for. */
FV_API FV_MUST_USE fv_error *fv_drift_measure(const char *statistic, const fv_drift_sample *reference,
                                              const fv_drift_sample *current, fv_drift_value *out);

/* Sturges' bins over both samples, as numpy's histogram_bin_edges(…, "sturges"): ⌈log2 n + 1⌉ of equal width. Counts how many
 * of each sample are in each bin, the last of which has its upper edge too. `*bins` of at most 64, room for 64 in both. */
FV_API void fv_drift_bin(const fv_drift_sample *reference, const fv_drift_sample *current, int64_t *bins, double *of_reference,
                         double *of_current);

/* p-values of several tests made at once, so that the chance of any false alarm (Bonferroni, Holm), or the share of false ones
 * among the alarms (Benjamini–Hochberg 1995), is kept. A NaN, of a test that could not be made, is not counted and stays NaN.
 */
typedef enum fv_adjustment { FV_ADJUST_NONE, FV_BONFERRONI, FV_HOLM, FV_BENJAMINI_HOCHBERG } fv_adjustment;
#define FV_ADJUSTMENT_NAMES "none,bonferroni,holm,benjamini_hochberg"
FV_API FV_MUST_USE fv_error *fv_drift_adjust(fv_adjustment adjustment, const double *p, int64_t count, double *adjusted);

#ifdef __cplusplus
}
#endif
#endif
