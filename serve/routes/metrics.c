/* metrics.c - GET /metrics, for Prometheus. */
#include "serve/metrics_page.h"
#include "serve/route.h"
#include "serve/server.h"

static fv_error *handle(fv_request *r) {
    r->reply.status = 200;
    r->reply.type = "text/plain; version=0.0.4; charset=utf-8";
    fv_metrics_page(r->server, &r->reply.text);
    return NULL;
}

const fv_route fv_route_metrics = {
    .name = "metrics",
    .summary = "counters and histograms in Prometheus's text format",
    .method = "GET",
    .path = "/metrics",
    .scope = FV_MAY_READ,
    .answers = "text/plain",
    .handle = handle,
};
