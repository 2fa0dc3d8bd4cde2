/* metric.h - what a metric is: one file metrics/NAME.c, its definition and source in the file comment, its descriptor last. */
#ifndef FV_METRICS_METRIC_H
#define FV_METRICS_METRIC_H

#include "core/base/part.h"
#include "fovea/metrics.h"

typedef struct fv_metric {
    FV_PART;
    bool lower_is_better;
    /* Count ≥ 1 and every label a class; `options` of `fields`, defaults filled in. NaN where it is undefined. */
    double (*measure)(const fv_outcomes *outcomes, const void *options);
} fv_metric;

extern const fv_metric *const fv_metric_table[]; /* generated, sorted by name */
extern const int fv_metric_table_count;

#endif
