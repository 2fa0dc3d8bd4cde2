/* admission.c - what is decided from a request's headers, before a byte of its body is taken: is it for us, is there such a
 * path, who asks and may they, is it too long. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/size.h"
#include "serve/body_coding.h"
#include "serve/http_state.h"
#include "serve/route.h"
#include "serve/server.h"

static fv_error *refuse(fv_request *r, int status, const char *code, const char *message, const char *hint) {
    fv_reply_refusal(r, status, code, message, hint, 1);
    return NULL;
}

/* ---- for us ---- */

static void allow_page(fv_request *r, const char *origin) {
    fv_reply_header(r, "Access-Control-Allow-Origin", "%s", origin);
    fv_reply_header(r, "Vary", "Origin");
    fv_reply_header(r, "Access-Control-Expose-Headers",
                    "X-Request-Id, Server-Timing, Retry-After, "
                    "Inference-Header-Content-Length");
}

static fv_error *check_origin(fv_request *r) {
    const fv_host_rules *rules = &r->server->rules;
    const char *host = fv_request_header(r, "Host"), *origin = fv_request_header(r, "Origin");
    bool listed;
    if (!fv_host_allowed(rules, host))
        return refuse(r, 421, "denied", "the request is for another host than this server",
                      "use its address, or start it with --hosts and the name");
    if (!fv_origin_allowed(rules, host, origin, &listed))
        return refuse(r, 403, "denied", "the request comes from a page of another server",
                      "start this one with --cors and that page's origin");
    if (listed) allow_page(r, origin);
    return NULL;
}

/* ---- the path and the query ---- */

static fv_error *find_route(fv_request *r) {
    fv_route_match match;
    FV_TRY(fv_route_find(r->method, r->path, r->arena, &match));
    snprintf(r->inner.allowed, sizeof r->inner.allowed, "%s", match.allowed);
    if (!match.path_known)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is nothing at %s", r->path), "see /openapi.json for what there is");
    if (match.route) {
        r->route = match.route;
        r->inner.value_count = match.count;
        memcpy(r->inner.value_names, match.names, sizeof match.names);
        memcpy(r->inner.values, match.values, sizeof match.values);
        return NULL;
    }
    fv_reply_header(r, "Allow", "%s", match.allowed);
    if (strcmp(r->method, "OPTIONS") != 0)
        return refuse(r, 405, "usage", "that method is not for this path", "the header Allow says which are");
    r->reply.status = 204;
    fv_reply_header(r, "Access-Control-Allow-Methods", "%s", match.allowed);
    fv_reply_header(r, "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, Content-Encoding, "
                    "Inference-Header-Content-Length, X-Request-Id, traceparent");
    return NULL;
}

typedef struct reading {
    fv_request *r;
    fv_error *error;
} reading;

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    reading *q = context;
    (void)kind;
    q->error = fv_fields_set(q->r->route->fields, q->r->options, name, value ? value : "", q->r->arena);
    return q->error ? MHD_NO : MHD_YES;
}

static fv_error *read_query(fv_request *r) {
    const fv_field *fields = r->route->fields ? r->route->fields : fv_no_fields;
    reading q = { r, NULL };
    FV_TRY(fv_arena_alloc(r->arena, 1, fv_max(16, (int64_t)r->route->size), &r->options));
    FV_TRY(fv_fields_defaults(fields, r->options, r->arena));
    if (r->route->fields) fv_microhttpd.get_connection_values(r->inner.connection, MHD_GET_ARGUMENT_KIND, take_argument, &q);
    FV_TRY(q.error);
    return fv_fields_check(fields, r->options, NULL);
}

/* ---- who asks ---- */

/* "models/NAME" for what is of one model; NULL: the workspace. */
static fv_error *subject_of(fv_request *r, const char **out) {
    const char *model = fv_request_value(r, "model");
    *out = NULL;
    return model ? fv_arena_format(r->arena, out, "models/%.*s", (int)strcspn(model, "@"), model) : NULL;
}

static fv_error *check_access(fv_request *r) {
    char name[FV_ACCESS_NAME];
    const char *subject;
    if (r->route->open) return NULL;
    FV_TRY(subject_of(r, &subject));
    fv_access access =
        fv_access_ask(r->server->access, fv_request_header(r, "Authorization"), subject, r->route->scope, r->local, name);
    if (*name) FV_TRY(fv_arena_text(r->arena, name, &r->who));
    if (access == FV_ACCESS_GIVEN) return NULL;
    if (access == FV_ACCESS_FORBIDDEN)
        return fv_error_hint(fv_fail(FV_DENIED, "the token \"%s\" may not do this", name),
                             "it takes one of the role %s for %s: fovea registry token create",
                             fv_token_role_name(r->route->scope), subject ? subject : "everything");
    fv_reply_header(r, "WWW-Authenticate", "Bearer realm=\"fovea\"");
    return refuse(r, 401, "denied",
                  access == FV_ACCESS_OVER ? "the token is expired or revoked" : "a token is asked for, and none was shown",
                  "send the header Authorization: Bearer TOKEN; fovea registry token create makes one");
}

/* ---- the body ---- */

static fv_error *check_body(fv_request *r, bool *now) {
    const char *length = fv_request_header(r, "Content-Length");
    int64_t bytes = 0, most = r->inner.http->options.max_body;
    if (length && !fv_text_to_int(length, &bytes)) bytes = INT64_MAX;
    if (bytes > most) {
        *now = true;
        char message[128];
        snprintf(message, sizeof message, "the body has %s bytes, at most %lld are taken", length, (long long)most);
        return refuse(r, 413, "memory", message, "send less at once, or start the server with a larger --max-body");
    }
    r->inner.coding = fv_request_header(r, "Content-Encoding");
    if (fv_coding_of(r->inner.coding) == FV_CODING_OTHER)
        return refuse(r, 415, "unsupported", "the body is packed in a way that is not known here", "use gzip or deflate");
    return NULL;
}

static fv_error *admit(fv_request *r, bool *now) {
    fv_error *(*const steps[])(fv_request *) = { check_origin, find_route, check_access, read_query };
    for (int i = 0; i < (int)(sizeof steps / sizeof *steps); i++) {
        FV_TRY(steps[i](r));
        if (r->reply.status) return NULL;
    }
    return check_body(r, now);
}

fv_error *fv_request_admit(fv_request *r, bool *now) {
    const char *expect = fv_request_header(r, "Expect");
    *now = false;
    fv_error *error = admit(r, now);
    if (expect && !strcasecmp(expect, "100-continue")) *now = true;
    return error;
}
