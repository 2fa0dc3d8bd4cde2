/* metric_summary.h - what is known of all points of a metric: the row of metric_summary. A pure function of the points in
 * whatever order they came, but for `direction`, which the first that knows decides. Any thread. */
#ifndef FV_REGISTRY_METRIC_SUMMARY_H
#define FV_REGISTRY_METRIC_SUMMARY_H

#include "fovea/runs.h"

/* `last_ms`: the time of the last point; `best` follows from direction, min and max. */
void fv_metric_summary_add(fv_metric_summary *summary, int64_t *last_ms, const fv_metric_point *point);

#endif
