/* http_state.h - HTTP from inside: what its files share. */
#ifndef FV_SERVE_HTTP_STATE_H
#define FV_SERVE_HTTP_STATE_H

#include <microhttpd.h>

#include "serve/http.h"
#include "serve/watch.h"

struct fv_http {
    struct MHD_Daemon *daemon;
    struct fv_server *server;
    fv_http_options options;
    fv_watch watch;
    int port, listener;
    _Atomic int64_t under_way;
};

enum fv_request_stage { FV_REQUEST_NEW, FV_REQUEST_BODY, FV_REQUEST_WAITING, FV_REQUEST_SENT };

/* From the headers alone: finds the route, asks who it is, reads the query. An error is the answer. `*now`: it is to be given
 * at once, since the client has not begun to send its body, or sends more than is taken. (admission.c) */
FV_MUST_USE fv_error *fv_request_admit(fv_request *r, bool *now);

/* Hands the reply to libmicrohttpd. (send.c) */
enum MHD_Result fv_request_send(fv_request *r);

#endif
