/* health.c - is it there, and is it ready: for load balancers and systemd. Open to everyone; they say nothing of what is served
 * but how much is still to be loaded. */
#include "serve/route.h"
#include "serve/server.h"

static fv_error *health(fv_request *r) {
    r->reply.status = 200;
    r->reply.type = "text/plain";
    fv_text_add(&r->reply.text, "OK\n");
    return NULL;
}

static fv_error *ready(fv_request *r) {
    FV_TEXT(waiting, 1 << 16);
    if (fv_server_ready(r->server, &waiting)) return health(r);
    fv_reply_refusal(r, 503, "busy", waiting.at, NULL, 1);
    return fv_text_error(&waiting);
}

const fv_route fv_route_healthz = {
    .name = "healthz",
    .summary = "the process is there",
    .method = "GET",
    .path = "/healthz",
    .open = true,
    .answers = "text/plain",
    .handle = health,
};

const fv_route fv_route_readyz = {
    .name = "readyz",
    .summary = "every model is loaded, checked and warm, and the server is not stopping",
    .method = "GET",
    .path = "/readyz",
    .open = true,
    .answers = "text/plain",
    .handle = ready,
};
