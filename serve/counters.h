/* counters.h - what HTTP itself counts; versions count their own (served.h). Any thread, without a lock. */
#ifndef FV_SERVE_COUNTERS_H
#define FV_SERVE_COUNTERS_H

#include "core/base/memory.h"
#include "serve/histogram.h"

#define FV_COUNTED_STATUSES 600

typedef struct fv_route_counters {
    _Atomic int64_t statuses[FV_COUNTED_STATUSES];
    fv_histogram seconds; /* from a request's first line to its answer's last byte */
    _Atomic int64_t bytes_in, bytes_out;
} fv_route_counters;

typedef struct fv_counters {
    int routes; /* and one more, for what has no route */
    fv_route_counters at[];
} fv_counters;

FV_MUST_USE fv_error *fv_counters_new(int routes, fv_counters **out);
/* `route`: its place in the table; -1: none. */
void fv_counters_add(fv_counters *counters, int route, int status, double seconds, int64_t in, int64_t out);

#endif
