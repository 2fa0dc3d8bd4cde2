/* http.h - HTTP/1.1 over libmicrohttpd: connections, bodies with their limits, answers. What a request means is its route's. */
#ifndef FV_SERVE_HTTP_H
#define FV_SERVE_HTTP_H

#include "serve/request.h"

typedef struct fv_http fv_http;

typedef struct fv_http_options {
    const char *host; /* address to listen at */
    int port;         /* 0: any */
    int64_t connections, max_body;
    double timeout, idle; /* seconds */
} fv_http_options;

/* Listens; requests may come before it returns. FV_BUSY: the port is taken; FV_USAGE: `host` is no address. */
FV_MUST_USE fv_error *fv_http_new(const fv_http_options *options, struct fv_server *server, fv_http **out);
int fv_http_port(const fv_http *http);
void fv_http_quiet(fv_http *http);        /* takes no new connections */
int64_t fv_http_under_way(fv_http *http); /* requests begun and not answered to the end */
void fv_http_look(fv_http *http);         /* cuts off who is too slow; now and then */
/* Waits for the connections that wait for the engine or for models, both of which are still there, then closes all. */
void fv_http_free(fv_http *http);                  /* nothing may be asked of the engine any more */
int64_t fv_http_open(fv_http *http, int64_t *cut); /* connections, and those cut off so far */

#endif
