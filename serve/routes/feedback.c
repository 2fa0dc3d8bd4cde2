/* feedback.c - POST /v1/feedback: what is true of pictures that were answered earlier, by their answers' ids. */
#include "serve/feedback.h"

#include "serve/route.h"
#include "serve/server.h"

#define ONE                                                                                                                    \
    "\"id\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,64}$\"},\"by\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,1024}$\"}," \
    "\"label\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,1024}$\"},\"number\":{\"type\":\"number\"},"                        \
    "\"labels\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\",\"pattern\":\"^[ -~]{1,1024}$\"}}"
#define ONE_OF                                                                                                                 \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" ONE                                                 \
    "},\"oneOf\":[{\"required\":[\"id\",\"label\"]},"                                                                          \
    "{\"required\":[\"id\",\"labels\"]},{\"required\":[\"id\",\"number\"]}]}"

static const fv_route_body takes[] = {
    { "application/json",
      "{\"anyOf\":[" ONE_OF
      ",{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"feedback\"],\"properties\":{\"feedback\":{"
      "\"type\":\"array\",\"minItems\":1,\"maxItems\":65536,\"items\":" ONE_OF "}}}]}" },
    { "application/x-ndjson",
      "{\"type\":\"string\",\"minLength\":1,\"description\":\"a line a picture: {\\\"id\\\", and one of "
      "\\\"label\\\", \\\"labels\\\", \\\"number\\\"}\"}" },
    { NULL, NULL }
};

static void written(fv_record_slip *slip) { fv_request_answered(slip->context); }

static void clean(fv_request *r) {
    fv_record_slip *slip = r->state;
    fv_error_free(slip->error);
}

/* All of it is checked before any of it is kept. */
static fv_error *handle(fv_request *r) {
    fv_record_slip *slip;
    fv_logged_truth *truths;
    int64_t count;
    bool lines = fv_request_is(r, "application/x-ndjson");
    if (!r->server->records)
        return fv_error_hint(fv_fail(FV_CONFLICT, "this server keeps no prediction log"),
                             "start it with --prediction-log and a folder");
    FV_TRY(fv_arena_take(r->arena, 1, &slip));
    FV_TRY(fv_feedback_parse((const char *)r->body.at, r->body.length, lines, r->who, r->arena, &truths, &count));
    *slip = (fv_record_slip){ .truths = truths, .count = count, .done = written, .context = r };
    r->state = slip;
    r->clean = clean;
    atomic_fetch_add(&r->inner.pending, 1);
    fv_record_book_wait(r->server->records, slip);
    return NULL;
}

static fv_error *finish(fv_request *r) {
    fv_record_slip *slip = r->state;
    if (slip->error) return fv_take(&slip->error);
    fv_text_addf(fv_reply_json(r, 200), "{\"labelled\":%lld}\n", (long long)slip->count);
    return NULL;
}

const fv_route fv_route_feedback = {
    .name = "feedback",
    .summary = "what was true of pictures answered earlier; answered when it is on the disk",
    .method = "POST",
    .path = "/v1/feedback",
    .scope = FV_MAY_ANNOTATE,
    .takes = takes,
    .answers = "application/json",
    .schema = "{\"type\":\"object\",\"required\":[\"labelled\"],\"properties\":{\"labelled\":{\"type\":\"integer\"}}}",
    .handle = handle,
    .finish = finish,
};
