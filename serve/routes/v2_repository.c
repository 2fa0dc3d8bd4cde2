/* v2_repository.c - Triton's model repository extension: what there is, load it, unload it. */
#include "core/base/json.h"
#include "serve/route.h"
#include "serve/server.h"

static const fv_route_body takes[] = { { "application/json", "{\"type\":\"object\"}" }, { NULL, NULL } };
static const fv_route_body takes_filter[] = {
    { "application/json", "{\"type\":\"object\",\"properties\":{\"ready\":{\"type\":\"boolean\"}}}" }, { NULL, NULL }
};

static void add_row(const fv_model_status *row, fv_text *out) {
    fv_text_add(out, "{\"name\":");
    fv_text_add_json(out, row->model);
    fv_text_addf(out, ",\"version\":\"%lld\",\"state\":\"%s\",\"reason\":", (long long)row->version,
                 row->state == FV_MODEL_READY     ? "READY"
                 : row->state == FV_MODEL_LOADING ? "LOADING"
                                                  : "UNAVAILABLE");
    fv_text_add_json(out, row->reason ? row->reason : "");
    fv_text_add(out, "}");
}

/* {"ready": true}: those alone that are. */
static fv_error *read_filter(const fv_request *r, bool *ready) {
    json_error_t problem;
    json_t *json = NULL;
    *ready = false;
    if (!r->body.length) return NULL;
    FV_TRY(fv_json_load((const char *)r->body.at, r->body.length, 0, &problem, &json));
    const json_t *value = json_object_get(json, "ready");
    bool right = json_is_object(json) && (!value || json_is_boolean(value));
    *ready = json_is_true(value);
    json_decref(json);
    return right ? NULL : fv_fail(FV_USAGE, "the body is no object of JSON, or its \"ready\" is neither true nor false");
}

static fv_error *list(fv_request *r) {
    bool ready, first = true;
    FV_TRY(read_filter(r, &ready));
    fv_text *out = fv_reply_json(r, 200);
    const fv_models_view *view = fv_models_table_view(r->server->models);
    fv_text_add(out, "[");
    for (int64_t i = 0; i < view->count; i++) {
        if (ready && view->rows[i].state != FV_MODEL_READY) continue;
        if (!first) fv_text_add(out, ",");
        add_row(&view->rows[i], out);
        first = false;
    }
    fv_text_add(out, "]");
    fv_models_view_unref(view);
    return NULL;
}

/* ---- orders ---- */

static void carried_out(fv_models_order *order) { fv_request_answered(order->context); }

/* Triton's clients send parameters, of which none means anything here. */
static fv_error *check_parameters(const fv_request *r) {
    json_error_t problem;
    json_t *json = NULL;
    if (!r->body.length) return NULL;
    FV_TRY(fv_json_load((const char *)r->body.at, r->body.length, 0, &problem, &json));
    bool right = json_is_object(json);
    json_decref(json);
    return right ? NULL : fv_fail(FV_USAGE, "the body is no object of JSON");
}

static fv_error *give_order(fv_request *r, fv_models_verb verb) {
    fv_models_order *order;
    FV_TRY(check_parameters(r));
    FV_TRY(fv_arena_take(r->arena, 1, &order));
    *order = (fv_models_order){ .verb = verb, .name = fv_request_value(r, "model"), .done = carried_out, .context = r };
    r->state = order;
    atomic_fetch_add(&r->inner.pending, 1);
    fv_models_table_order(r->server->models, order);
    return NULL;
}

static fv_error *load(fv_request *r) { return give_order(r, FV_MODELS_LOAD); }
static fv_error *unload(fv_request *r) { return give_order(r, FV_MODELS_UNLOAD); }

static fv_error *finish(fv_request *r) {
    fv_models_order *order = r->state;
    FV_TRY(fv_take(&order->error));
    fv_text_add(fv_reply_json(r, 200), "{}");
    return NULL;
}

const fv_route fv_route_v2_repository_index = {
    .name = "v2 repository index",
    .summary = "which versions there are, and in which state",
    .method = "POST",
    .path = "/v2/repository/index",
    .scope = FV_MAY_READ,
    .takes = takes_filter,
    .body_optional = true,
    .answers = "application/json",
    .schema = "{\"type\":\"array\"}",
    .handle = list,
};

const fv_route fv_route_v2_repository_load = {
    .name = "v2 repository load",
    .summary = "load what a model's aliases point to, anew if it was refused",
    .method = "POST",
    .path = "/v2/repository/models/{model}/load",
    .scope = FV_MAY_ADMINISTER,
    .takes = takes,
    .body_optional = true,
    .answers = "application/json",
    .schema = "{\"type\":\"object\"}",
    .handle = load,
    .finish = finish,
};

const fv_route fv_route_v2_repository_unload = {
    .name = "v2 repository unload",
    .summary = "serve a model no more, until it is loaded again",
    .method = "POST",
    .path = "/v2/repository/models/{model}/unload",
    .scope = FV_MAY_ADMINISTER,
    .takes = takes,
    .body_optional = true,
    .answers = "application/json",
    .schema = "{\"type\":\"object\"}",
    .handle = unload,
    .finish = finish,
};
