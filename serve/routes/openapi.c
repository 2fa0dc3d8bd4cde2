/* openapi.c - GET /openapi.json. */
#include "serve/openapi.h"

#include "serve/route.h"

static fv_error *handle(fv_request *r) {
    fv_openapi(fv_reply_json(r, 200));
    return NULL;
}

const fv_route fv_route_openapi = {
    .name = "openapi",
    .summary = "this document",
    .method = "GET",
    .path = "/openapi.json",
    .open = true,
    .answers = "application/json",
    .schema = "{\"type\":\"object\",\"required\":[\"openapi\",\"paths\"]}",
    .handle = handle,
};
