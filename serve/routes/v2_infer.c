/* v2_infer.c - inference by the Open Inference Protocol: pictures' files (BYTES "image"), or what the transforms make of them
 * (FP32 "pixels"). */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "serve/route.h"
#include "serve/server.h"
#include "serve/v2_answer.h"

static const fv_route_body takes[] = {
    { "application/json",
      "{\"type\":\"object\",\"required\":[\"inputs\"],\"properties\":{\"id\":{\"type\":\"string\"},\"inputs\":{\"type\":"
      "\"array\",\"minItems\":1,\"items\":{\"type\":\"object\",\"required\":[\"name\",\"shape\",\"datatype\"],\"properties\":{"
      "\"name\":{\"enum\":[\"pixels\",\"image\"]},"
      "\"shape\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0}},"
      "\"datatype\":{\"enum\":[\"FP32\",\"BYTES\"]},\"data\":{\"type\":\"array\"}}}},\"outputs\":{\"type\":\"array\",\"items\":"
      "{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"name\":{\"enum\":[\"scores\"]}}}}}}" },
    { "application/octet-stream", "{\"type\":\"string\",\"format\":\"binary\",\"description\":\"JSON of as many bytes as "
                                  "Inference-Header-Content-Length says, then the tensors\"}" },
    { NULL, NULL }
};

static const char schema[] =
    "{\"type\":\"object\",\"required\":[\"model_name\",\"model_version\",\"outputs\"],\"properties\":{"
    "\"model_name\":{\"type\":\"string\"},\"model_version\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"},"
    "\"outputs\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"name\",\"datatype\",\"shape\"]}}}}";

static fv_error *header_length(const fv_request *r, int64_t *out) {
    const char *header = fv_request_header(r, "Inference-Header-Content-Length");
    *out = -1;
    if (header && (!fv_text_to_int(header, out) || *out < 0))
        return fv_fail(FV_USAGE, "Inference-Header-Content-Length is no number of bytes");
    return NULL;
}

/* The tensor's rows: its first dimension, and the others have to be `row` elements. */
static fv_error *rows_of(const fv_v2_tensor *tensor, int64_t row, int64_t *rows) {
    *rows = tensor->rank ? tensor->shape[0] : 0;
    if (*rows < 1 || tensor->elements != *rows * row)
        return fv_fail(FV_SHAPE, "\"%s\" has %lld elements in %lld rows, and takes %lld a row", tensor->name,
                       (long long)tensor->elements, (long long)*rows, (long long)row);
    return NULL;
}

static fv_error *ask_for_pixels(fv_request *r, const fv_v2_tensor *tensor) {
    fv_size size = fv_served_facts_get(r->served)->input;
    int64_t row = size.height * size.width * size.channels, rows;
    if (tensor->rank != 4 || tensor->shape[1] != size.height || tensor->shape[2] != size.width ||
        tensor->shape[3] != size.channels)
        return fv_fail(FV_SHAPE, "\"pixels\" takes the shape [N, %lld, %lld, %lld]", (long long)size.height,
                       (long long)size.width, (long long)size.channels);
    FV_TRY(rows_of(tensor, row, &rows));
    FV_TRY(fv_request_asks(r, rows));
    for (int64_t i = 0; i < rows; i++) r->asks[i].pixels = tensor->floats + i * row;
    return NULL;
}

static fv_error *ask_for_images(fv_request *r, const fv_v2_tensor *tensor) {
    int64_t rows;
    FV_TRY(rows_of(tensor, 1, &rows));
    FV_TRY(fv_request_asks(r, rows));
    for (int64_t i = 0; i < rows; i++) {
        r->asks[i].bytes = tensor->bytes[i].at;
        r->asks[i].length = tensor->bytes[i].length;
        if (!tensor->bytes[i].length) return fv_fail(FV_USAGE, "element %lld of \"image\" is empty", (long long)i);
    }
    return NULL;
}

static fv_error *prepare(fv_request *r, const fv_v2_request *v2) {
    const fv_v2_tensor *tensor = &v2->inputs[0];
    if (v2->input_count != 1) return fv_fail(FV_USAGE, "%lld inputs: one is taken", (long long)v2->input_count);
    if (!strcmp(tensor->name, "pixels") && tensor->floats) return ask_for_pixels(r, tensor);
    if (!strcmp(tensor->name, "image") && tensor->bytes) return ask_for_images(r, tensor);
    return fv_error_hint(fv_fail(FV_USAGE, "the model has no input \"%s\" of that type", tensor->name),
                         "it takes one of pixels, FP32, and image, BYTES");
}

static int64_t most_classes(const fv_v2_request *v2) {
    int64_t most = 1;
    for (int64_t i = 0; i < v2->output_count; i++) most = fv_max(most, v2->outputs[i].classes);
    return most;
}

/* By the request's own id where it has one, and the prediction log has room for it. */
static fv_error *name_records(fv_request *r, const char *id) {
    if (!id || !*id || strlen(id) > FV_REQUEST_ID_MAX) return NULL;
    r->records[0].id = id;
    for (int64_t i = 0; i < r->ask_count && r->ask_count > 1; i++)
        FV_TRY(fv_arena_format(r->arena, &r->records[i].id, "%s-%lld", id, (long long)i));
    return NULL;
}

static fv_error *handle(fv_request *r) {
    fv_v2_request *v2;
    int64_t length;
    FV_TRY(fv_request_find_served(r));
    FV_TRY(header_length(r, &length));
    FV_TRY(fv_arena_take(r->arena, 1, &v2));
    FV_TRY(fv_v2_parse(r->body.at, r->body.length, length, r->arena, v2));
    r->state = v2;
    if (v2->timeout > 0 && r->began + v2->timeout < r->deadline) r->deadline = r->began + v2->timeout;
    FV_TRY(prepare(r, v2));
    FV_TRY(name_records(r, v2->id));
    for (int64_t i = 0; i < r->ask_count; i++) r->asks[i].top = most_classes(v2), r->asks[i].threshold = -1;
    fv_request_ask(r);
    return NULL;
}

/* One picture that cannot be answered is an error of all: the protocol has no other place for it. */
static fv_error *finish(fv_request *r) {
    for (int64_t i = 0; i < r->ask_count; i++)
        if (r->asks[i].error) return fv_take(&r->asks[i].error);
    return fv_v2_answer(r, r->state);
}

const fv_route fv_route_v2_infer = {
    .name = "v2 infer",
    .summary = "scores for pictures, by the version that a model's alias points to",
    .method = "POST",
    .path = "/v2/models/{model}/infer",
    .scope = FV_MAY_PREDICT,
    .takes = takes,
    .answers = "application/json",
    .schema = schema,
    .handle = handle,
    .finish = finish,
};

const fv_route fv_route_v2_infer_version = {
    .name = "v2 infer version",
    .summary = "scores for pictures, by one version of a model",
    .method = "POST",
    .path = "/v2/models/{model}/versions/{version}/infer",
    .scope = FV_MAY_PREDICT,
    .takes = takes,
    .answers = "application/json",
    .schema = schema,
    .handle = handle,
    .finish = finish,
};
