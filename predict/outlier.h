/* outlier.h - how far a picture's features lie from those of pictures that the model was not trained on: a score a prediction.
 *
 * The score is the Mahalanobis distance of the features' direction, x / |x|, from the mean of such directions (Müller and Hein,
 * "Mahalanobis++", ICML 2025, arXiv 2505.18032; of the plain features, Lee et al., arXiv 1807.03888, it depends on their norm,
 * by which networks differ). More than FV_OUTLIER_COLUMNS_MAX features are first projected on that many sums with random signs,
 * by which distances are kept on average (Achlioptas 2003). The covariance is shrunk by a tenth towards its diagonal. The
 * threshold is the score that FV_OUTLIER_SHARE of pictures exceed which the mean and covariance were not fitted on. */
#ifndef FV_PREDICT_OUTLIER_H
#define FV_PREDICT_OUTLIER_H

#include "core/formats/model_file.h"

#define FV_OUTLIER_COLUMNS_MAX 128
#define FV_OUTLIER_FEATURES_MAX 65536
#define FV_OUTLIER_LEAST 20 /* pictures that it is fitted on */
#define FV_OUTLIER_MOST 2000
#define FV_OUTLIER_SHARE 0.01
#define FV_OUTLIER_FOLDS 5

typedef struct fv_outlier_section {
    int64_t features, n; /* numbers of the graph's "features"; pictures that it was fitted on */
    double threshold;
    fv_floats mean, covariance; /* of directions, projected where there are more; the lower triangle, row by row */
} fv_outlier_section;
extern const fv_section fv_section_outlier;

/* `rows`: count × features. The threshold comes from scores of each fifth of the rows (i mod 5) by what was fitted on the rest:
 * the ⌈(count + 1) · (1 − share)⌉-th smallest, or the largest. `*reason` (NULL: it was fitted) says why there is none: too few
 * rows, or all alike. Lists go to `arena`. */
FV_MUST_USE fv_error *fv_outlier_fit(const float *rows, int64_t count, int64_t features, fv_arena *arena,
                                     fv_outlier_section *out, const char **reason);

/* Ready to measure; any thread may. */
typedef struct fv_outlier fv_outlier;
/* Everything lies in `arena`. FV_FORMAT: lists of other lengths, a covariance that is none. */
FV_MUST_USE fv_error *fv_outlier_open(const fv_outlier_section *section, fv_arena *arena, const fv_outlier **out);
/* Features that are all zero, or not finite, have no direction, and count as zeros. Allocates nothing. */
double fv_outlier_score(const fv_outlier *outlier, const float *features);
double fv_outlier_threshold(const fv_outlier *outlier); /* what is above it is an outlier */
int64_t fv_outlier_features(const fv_outlier *outlier);

#endif
