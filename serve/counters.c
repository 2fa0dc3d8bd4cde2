/* counters.c - see counters.h. */
#include "serve/counters.h"

#include <stddef.h>

fv_error *fv_counters_new(int routes, fv_counters **out) {
    FV_TRY(fv_memory_alloc(1, (int64_t)sizeof(fv_counters) + (routes + 1) * (int64_t)sizeof(fv_route_counters), (void **)out));
    (*out)->routes = routes;
    return NULL;
}

void fv_counters_add(fv_counters *counters, int route, int status, double seconds, int64_t in, int64_t out) {
    fv_route_counters *c = &counters->at[route < 0 ? counters->routes : route];
    if (status < 0 || status >= FV_COUNTED_STATUSES) status = 0;
    atomic_fetch_add_explicit(&c->statuses[status], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->bytes_in, in, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->bytes_out, out, memory_order_relaxed);
    fv_histogram_add(&c->seconds, &fv_scale_seconds, seconds);
}
