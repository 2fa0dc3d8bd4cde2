/* baselines.h - what a model must beat to be worth its training: the same answer for every picture, and the answer of the most
 * similar training picture, both small and grey. */
#ifndef FV_TRAIN_BASELINES_H
#define FV_TRAIN_BASELINES_H

#include "core/base/arena.h"
#include "fovea/data.h"
#include "fovea/metrics.h"

#define FV_BASELINE_SIDE 16    /* pixels of a small picture */
#define FV_BASELINE_KNOWN 2000 /* training pictures that are looked among, at most: evenly spread over the list */
#define FV_BASELINE_ASKED 1000 /* pictures that are looked for, at most, likewise */
#define FV_BASELINE_METRICS 3

/* What baselines are judged by, the first above all: FV_BASELINE_METRICS names as fv_metric_measure takes them, NULL where
 * there are fewer. */
const char *const *fv_baseline_metrics(fv_outcome_kind kind);

typedef struct fv_baseline {
    int64_t count;                       /* pictures that were asked for; 0: there is none */
    double figures[FV_BASELINE_METRICS]; /* as fv_baseline_metrics */
    fv_interval interval;                /* 95 %, of the first */
} fv_baseline;

typedef struct fv_baselines {
    fv_baseline constant, nearest;
    int64_t nearest_known; /* pictures that the nearest was looked for among */
    /* The constant answer, of the kind: the most frequent class; the most frequent set of labels among those pictures (0 or 1 a
     * label, in the arena); the mean number. */
    int64_t majority_class;
    const uint8_t *majority_labels;
    double mean;
} fv_baselines;

/* `train` gives the answers, `asked` the pictures to be told; their targets are of that kind, their classes the same. `workers`
 * threads read them. */
FV_MUST_USE fv_error *fv_baselines_measure(const fv_subset *train, const fv_subset *asked, fv_outcome_kind kind,
                                           int64_t workers, const int *cancel, fv_arena *arena, fv_baselines *out);

#endif
