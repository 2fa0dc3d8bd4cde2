/* predict.c - POST /v1/models/M/predict: labels for pictures, sent as they are, in a form, in JSON, or line by line. */
#include <string.h>

#include "core/base/clock.h"
#include "serve/answer_json.h"
#include "serve/picture_list.h"
#include "serve/predict_explain.h"
#include "serve/predict_lines.h"
#include "serve/route.h"
#include "serve/server.h"

typedef struct predict_options {
    int64_t top;
    double threshold;
    const char *key;
    const char *explain, *explain_class;
    bool explain_score;
} predict_options;

static const fv_field fields[] = {
    FV_FIELD(predict_options, top, .by_default = "5", .min = 1, .max = 100000, .help = "how many labels a picture"),
    FV_FIELD(predict_options, threshold, .by_default = "0", .min = -1, .max = 1,
             .help = "abstain where the best score is lower; 0: as the model says, -1: never"),
    FV_FIELD(predict_options, key, .max = FV_SENT_KEY_MAX, .help = "for the prediction log: where the picture comes from"),
    FV_FIELD(predict_options, explain, .value = "METHOD",
             .help = "what the answer hangs on, too: gradcam, gradcam_pp, occlusion, integrated_gradients, with options as "
                     "`fovea help explainer` says"),
    FV_FIELD(predict_options, explain_class, .value = "CLASS", .help = "asked about; without it each picture's best"),
    FV_FIELD(predict_options, explain_score, .by_default = "true",
             .help = "say how much the map says: deletion (lower is better) and insertion (higher is better)"),
    FV_FIELDS_END
};

static const fv_route_body takes[] = {
    { "application/octet-stream", "{\"type\":\"string\",\"format\":\"binary\",\"minLength\":1}" },
    { "image/*", "{\"type\":\"string\",\"format\":\"binary\",\"minLength\":1}" },
    { "multipart/form-data", "{\"type\":\"object\",\"required\":[\"image\"],\"properties\":{"
                             "\"image\":{\"type\":\"string\",\"format\":\"binary\"},"
                             "\"top\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000},"
                             "\"key\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,1024}$\"},"
                             "\"threshold\":{\"type\":\"number\",\"minimum\":-1,\"maximum\":1}}}" },
    { "application/json",
      "{\"type\":\"object\",\"anyOf\":[{\"required\":[\"image\"]},{\"required\":[\"images\"]}],\"properties\":{"
      "\"image\":{\"type\":\"string\",\"contentEncoding\":\"base64\"},"
      "\"id\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,64}$\"},"
      "\"key\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,1024}$\"},"
      "\"images\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}},"
      "\"top\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000},"
      "\"threshold\":{\"type\":\"number\",\"minimum\":-1,\"maximum\":1}}}" },
    { "application/x-ndjson", "{\"type\":\"string\",\"minLength\":1,\"description\":\"a line a picture: "
                              "{\\\"image\\\": BASE64, \\\"id\\\"?}; the answer has a line for each, as they come\"}" },
    { NULL, NULL }
};

static const fv_route_body also[] = {
    { "application/x-ndjson", "{\"type\":\"string\"}" },
    { "image/png", "{\"type\":\"string\",\"format\":\"binary\",\"description\":\"with explain, for who accepts it: pictures, "
                   "and their maps beside them\"}" },
    { NULL, NULL }
};

typedef struct predict_state {
    fv_picture_list list;
    fv_predict_explain *explain; /* NULL: nobody asks why */
} predict_state;

static fv_error *read_pictures(fv_request *r, fv_picture_list *out) {
    const char *boundary = NULL;
    if (fv_request_is(r, "application/json"))
        return fv_pictures_of_json((const char *)r->body.at, r->body.length, r->arena, out);
    if (fv_request_is(r, "multipart/form-data")) {
        FV_TRY(fv_form_boundary(fv_request_header(r, "Content-Type"), r->arena, &boundary));
        return fv_pictures_of_form(r->body.at, r->body.length, boundary, r->arena, out);
    }
    *out = (fv_picture_list){ .count = 1, .one = true };
    FV_TRY(fv_arena_take(r->arena, 1, &out->at));
    out->at[0] = (fv_sent_picture){ .bytes = r->body.at, .length = r->body.length };
    return NULL;
}

static void explained_record(fv_record *record) {
    fv_request *r = record->context;
    fv_predict_explain_answered(((predict_state *)r->state)->explain, 1);
    fv_request_answered(r);
}

static fv_error *ask_for(fv_request *r, const predict_state *state) {
    const predict_options *o = r->options;
    const fv_picture_list *list = &state->list;
    FV_TRY(fv_request_asks(r, list->count));
    for (int64_t i = 0; i < list->count; i++) {
        fv_ask *ask = &r->asks[i];
        ask->name = list->at[i].name;
        ask->bytes = list->at[i].bytes;
        ask->length = list->at[i].length;
        ask->top = list->top ? list->top : o->top;
        ask->threshold = list->threshold != 0 ? list->threshold : o->threshold;
        r->records[i].key = list->key ? list->key : o->key;
        if (list->at[i].id) r->records[i].id = list->at[i].id;
        if (state->explain) r->records[i].done = explained_record;
    }
    if (state->explain)
        fv_predict_explain_ask(state->explain);
    else
        fv_request_ask(r);
    return NULL;
}

static void clean(fv_request *r) { fv_predict_explain_release(((predict_state *)r->state)->explain); }

static fv_error *lines(fv_request *r) {
    const predict_options *o = r->options;
    if (o->explain) return fv_fail(FV_USAGE, "lines are answered as they come, and have no explanations");
    return fv_predict_lines(r, o->top, o->threshold, o->key);
}

static fv_error *handle(fv_request *r) {
    const predict_options *o = r->options;
    predict_state *state;
    FV_TRY(fv_arena_take(r->arena, 1, &state));
    if (!r->body.length)
        return fv_error_hint(fv_fail(FV_USAGE, "the body is empty"), "send a picture's file: curl --data-binary @x.jpg");
    FV_TRY(fv_request_find_served(r));
    if (fv_request_is(r, "application/x-ndjson")) return lines(r);
    FV_TRY(read_pictures(r, &state->list));
    r->state = state;
    r->clean = clean;
    if (o->explain)
        FV_TRY(fv_predict_explain_begin(r, o->explain, o->explain_class, o->explain_score, state->list.count, &state->explain));
    return r->reply.status ? NULL : ask_for(r, state);
}

static fv_error *finish(fv_request *r) {
    const predict_state *state = r->state;
    const fv_picture_list *list = &state->list;
    double seconds = fv_clock_seconds() - r->began;
    if (list->one && r->asks[0].error) {
        fv_reply_error(r, fv_take(&r->asks[0].error));
        return NULL;
    }
    fv_reply_timing(r);
    if (state->explain && state->explain->job.sheet) return fv_predict_explain_reply_sheet(state->explain), NULL;
    fv_text *out = fv_reply_json(r, 200);
    if (!list->one) fv_text_add(out, "{\"predictions\":[");
    for (int64_t i = 0; i < list->count; i++) {
        if (i) fv_text_add(out, ",");
        fv_answer_write(&r->asks[i], r->records[i].id, list->at[i].name, seconds,
                        state->explain ? &state->explain->job.at[i] : NULL, out);
    }
    if (!list->one) fv_text_add(out, "]}");
    fv_text_add(out, "\n");
    return NULL;
}

const fv_route fv_route_predict = {
    .name = "predict",
    .summary = "labels for a picture, by the version that a model's alias points to",
    .fields = fields,
    .size = sizeof(predict_options),
    .method = "POST",
    .path = "/v1/models/{model}/predict",
    .scope = FV_MAY_PREDICT,
    .takes = takes,
    .answers = "application/json",
    .schema = fv_answer_json_schema,
    .also = also,
    .handle = handle,
    .finish = finish,
};

const fv_route fv_route_predict_version = {
    .name = "predict version",
    .summary = "labels for a picture, by one version of a model",
    .fields = fields,
    .size = sizeof(predict_options),
    .method = "POST",
    .path = "/v1/models/{model}/versions/{version}/predict",
    .scope = FV_MAY_PREDICT,
    .takes = takes,
    .answers = "application/json",
    .schema = fv_answer_json_schema,
    .also = also,
    .handle = handle,
    .finish = finish,
};
