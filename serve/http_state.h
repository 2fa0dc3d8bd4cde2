/* http_state.h - HTTP from inside: what its files share. */
#ifndef FV_SERVE_HTTP_STATE_H
#define FV_SERVE_HTTP_STATE_H

#include "serve/http.h"
#include "serve/microhttpd.h"
#include "serve/watch.h"

struct fv_http {
    struct MHD_Daemon *daemon;
    struct fv_server *server;
    fv_http_options options;
    fv_watch watch;
    int port, listener;
    _Atomic int64_t under_way;
    _Atomic int64_t at_work;       /* requests whose connections wait, or are about to, for the engine or the table of models */
    _Atomic int ending;            /* none may begin to wait any more */
    _Atomic(const fv_link *) last; /* the connection of the last request, to be compared alone: it may be gone */
};

enum fv_request_stage { FV_REQUEST_NEW, FV_REQUEST_BODY, FV_REQUEST_WAITING, FV_REQUEST_SENT };

/* Before a connection is made to wait; false: the server is ending, and it must not. Each true one is given back by
 * fv_http_leave, after the connection was woken. The ending sets its flag, then looks whether anyone is at work; whoever begins
 * counts itself, then looks at the flag: one of the two sees the other. */
bool fv_http_enter(fv_http *http);
void fv_http_leave(fv_http *http);

/* From the headers alone: finds the route, asks who it is, reads the query. An error is the answer. `*now`: it is to be given
 * at once, since the client has not begun to send its body, or sends more than is taken. (admission.c) */
FV_MUST_USE fv_error *fv_request_admit(fv_request *r, bool *now);

/* Hands the reply to libmicrohttpd. (send.c) */
enum MHD_Result fv_request_send(fv_request *r);

#endif
