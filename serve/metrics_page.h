/* metrics_page.h - what is counted, as Prometheus reads it (text format 0.0.4): names begin with fovea_, units are seconds and
 * bytes, counters end in _total. */
#ifndef FV_SERVE_METRICS_PAGE_H
#define FV_SERVE_METRICS_PAGE_H

#include "core/base/text.h"

struct fv_server;
void fv_metrics_page(struct fv_server *server, fv_text *out);

#endif
