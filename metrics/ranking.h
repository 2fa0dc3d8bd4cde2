/* ranking.h - samples in the order of their score for one class: what areas under curves are read from. */
#ifndef FV_METRICS_RANKING_H
#define FV_METRICS_RANKING_H

#include "metrics/metric.h"

typedef struct fv_scored {
    double score;
    uint64_t sample : 63, positive : 1;
} fv_scored;

/* An area under a curve of samples with the highest score first. `times`: how often each sample is there, by its number; NULL:
 * once. NaN: undefined. */
typedef double (*fv_area)(const fv_scored *sorted, int64_t count, const int64_t *times);

static inline int64_t fv_times(const fv_scored *scored, const int64_t *times) { return times ? times[scored->sample] : 1; }

typedef enum fv_area_average { FV_AREA_MACRO, FV_AREA_WEIGHTED, FV_AREA_MICRO } fv_area_average;

/* How areas of classes are joined: the options of every metric that is an area. */
typedef struct fv_area_options {
    int average; /* fv_area_average */
    bool skip_absent;
    int multi_class; /* of roc_auc */
} fv_area_options;

#define FV_AREA_FIELDS                                                                                                         \
    FV_FIELD(fv_area_options, average, .by_default = "macro", .names = "macro,weighted,micro",                                 \
             .help = "how classes are joined: plain mean, mean by samples, or all decisions as one"),                          \
        FV_FIELD(fv_area_options, skip_absent, .by_default = "false",                                                          \
                 .help = "leave out classes that all samples are of, or none")

/* Sorts by score, the highest first. */
void fv_rank(fv_scored *samples, int64_t count);

/* The area of each class against the rest, joined; of two classes or a single label that of the last one alone. A class
 * without samples weighs nothing. */
FV_MUST_USE fv_error *fv_area_of_classes(const fv_outcomes *outcomes, fv_area area, const fv_area_options *options,
                                         fv_arena *scratch, double *out);

/* The same in two steps, as fv_metric has them: ranked once, then joined for any number of draws. */
FV_MUST_USE fv_error *fv_areas_prepare(const fv_outcomes *outcomes, fv_area area, const fv_area_options *options,
                                       fv_arena *arena, void **prepared);
double fv_areas_of_draw(const void *prepared, const int64_t *times);

#endif
