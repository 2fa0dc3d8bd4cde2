/* v2_server.c - what the Open Inference Protocol asks of a server: what it is, is it there, is it ready. */
#include "serve/route.h"
#include "serve/server.h"

static fv_error *about(fv_request *r) {
    fv_text_add(fv_reply_json(r, 200), "{\"name\":\"fovea\",\"version\":\"" FOVEA_VERSION
                                       "\",\"extensions\":[\"binary_tensor_data\",\"classification\","
                                       "\"statistics\",\"model_configuration\",\"model_repository\"]}");
    return NULL;
}

static fv_error *live(fv_request *r) {
    fv_text_add(fv_reply_json(r, 200), "{\"live\":true}");
    return NULL;
}

static fv_error *ready(fv_request *r) {
    bool all = fv_server_ready(r->server, NULL);
    fv_text_add(fv_reply_json(r, all ? 200 : 400), all ? "{\"ready\":true}" : "{\"ready\":false}");
    return NULL;
}

#define SCHEMA(key) "{\"type\":\"object\",\"required\":[\"" key "\"],\"properties\":{\"" key "\":{\"type\":\"boolean\"}}}"

const fv_route fv_route_v2_server = {
    .name = "v2 server",
    .summary = "what this server is, and which extensions it has",
    .method = "GET",
    .path = "/v2",
    .open = true,
    .answers = "application/json",
    .schema = "{\"type\":\"object\",\"required\":[\"name\",\"version\",\"extensions\"]}",
    .handle = about,
};

const fv_route fv_route_v2_live = {
    .name = "v2 live",
    .summary = "the process is there",
    .method = "GET",
    .path = "/v2/health/live",
    .open = true,
    .answers = "application/json",
    .schema = SCHEMA("live"),
    .handle = live,
};

const fv_route fv_route_v2_ready = {
    .name = "v2 ready",
    .summary = "every model is ready",
    .method = "GET",
    .path = "/v2/health/ready",
    .open = true,
    .answers = "application/json",
    .schema = SCHEMA("ready"),
    .handle = ready,
};
