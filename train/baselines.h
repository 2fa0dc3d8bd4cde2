/* baselines.h - what a model must beat to be worth its training: the most frequent class for every picture, and the class of
 * the most similar training picture, both small and grey. */
#ifndef FV_TRAIN_BASELINES_H
#define FV_TRAIN_BASELINES_H

#include "fovea/data.h"
#include "fovea/metrics.h"

#define FV_BASELINE_SIDE 16    /* pixels of a small picture */
#define FV_BASELINE_KNOWN 2000 /* training pictures that are looked among, at most: evenly spread over the list */
#define FV_BASELINE_ASKED 1000 /* pictures that are looked for, at most, likewise */

typedef struct fv_baselines {
    int64_t majority_class;
    int64_t majority_right, majority_count;
    int64_t nearest_right, nearest_count, nearest_known;
} fv_baselines;

/* `train` gives the classes, `asked` the pictures to be told; `workers` threads read them. */
FV_MUST_USE fv_error *fv_baselines_measure(const fv_subset *train, const fv_subset *asked, int64_t workers, const int *cancel,
                                           fv_baselines *out);

#endif
