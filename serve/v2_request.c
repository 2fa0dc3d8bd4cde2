/* v2_request.c - see v2_request.h. Sizes that a request says are held against the bytes that it has before anything is made of
 * that size. */
#include "serve/v2_request.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/size.h"
#include "serve/picture_list.h"

#define ELEMENTS_MAX (INT64_C(1) << 31)

typedef struct reader {
    const uint8_t *at, *end; /* bytes behind the JSON that no tensor has taken yet */
    fv_arena *arena;
} reader;

/* ---- JSON ---- */

static fv_error *text_at(const json_t *object, const char *key, fv_arena *arena, const char **out) {
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (!value || json_is_null(value)) return NULL;
    if (!json_is_string(value)) return fv_fail(FV_USAGE, "\"%s\" is no string", key);
    return fv_arena_text(arena, json_string_value(value), out);
}

static fv_error *whole_at(const json_t *object, const char *key, int64_t *out, bool *given) {
    const json_t *value = json_object_get(object, key);
    *given = value && !json_is_null(value);
    if (!*given) return NULL;
    if (!json_is_integer(value) || json_integer_value(value) < 0) return fv_fail(FV_USAGE, "\"%s\" is no whole number", key);
    *out = (int64_t)json_integer_value(value);
    return NULL;
}

static fv_error *flag_at(const json_t *object, const char *key, bool *out) {
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) return NULL;
    if (!json_is_boolean(value)) return fv_fail(FV_USAGE, "\"%s\" is neither true nor false", key);
    *out = json_is_true(value);
    return NULL;
}

static fv_error *read_shape(const json_t *input, fv_v2_tensor *tensor) {
    const json_t *shape = json_object_get(input, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > FV_V2_RANK_MAX)
        return fv_fail(FV_USAGE, "\"%s\" has no shape: a list of at most %d numbers", tensor->name, FV_V2_RANK_MAX);
    tensor->rank = (int64_t)json_array_size(shape);
    tensor->elements = 1;
    for (int64_t i = 0; i < tensor->rank; i++) {
        const json_t *size = json_array_get(shape, (size_t)i);
        if (!json_is_integer(size) || json_integer_value(size) < 0 ||
            !fv_size_mul(tensor->elements, json_integer_value(size), &tensor->elements) || tensor->elements > ELEMENTS_MAX)
            return fv_fail(FV_USAGE, "the shape of \"%s\" is of no tensor, or too large", tensor->name);
        tensor->shape[i] = (int64_t)json_integer_value(size);
    }
    return NULL;
}

/* ---- tensors in JSON: nested lists, or one flat list ---- */

static int64_t count_leaves(const json_t *data, int depth) {
    if (!json_is_array(data)) return 1;
    int64_t count = 0;
    for (size_t i = 0; depth && i < json_array_size(data); i++) count += count_leaves(json_array_get(data, i), depth - 1);
    return count;
}

static fv_error *take_leaf(const json_t *leaf, fv_v2_tensor *tensor, fv_arena *arena, int64_t at) {
    if (tensor->floats) {
        if (!json_is_number(leaf)) return fv_fail(FV_USAGE, "\"%s\" has data that is no number", tensor->name);
        ((float *)(uintptr_t)tensor->floats)[at] = (float)json_number_value(leaf);
        return NULL;
    }
    fv_v2_bytes *bytes = (fv_v2_bytes *)(uintptr_t)tensor->bytes + at;
    if (!json_is_string(leaf)) return fv_fail(FV_USAGE, "\"%s\" has data that is no string of base64", tensor->name);
    return fv_picture_bytes(json_string_value(leaf), arena, &bytes->at, &bytes->length);
}

static fv_error *take_leaves(const json_t *data, fv_v2_tensor *tensor, fv_arena *arena, int64_t *at) {
    if (!json_is_array(data)) return take_leaf(data, tensor, arena, (*at)++);
    for (size_t i = 0; i < json_array_size(data); i++) FV_TRY(take_leaves(json_array_get(data, i), tensor, arena, at));
    return NULL;
}

static fv_error *read_json_data(const json_t *data, bool floats, fv_v2_tensor *tensor, fv_arena *arena) {
    int64_t at = 0, count = json_is_array(data) ? count_leaves(data, FV_V2_RANK_MAX) : -1;
    if (count < 0) return fv_fail(FV_USAGE, "\"%s\" has neither data nor binary_data_size", tensor->name);
    if (count != tensor->elements)
        return fv_fail(FV_USAGE, "\"%s\" has %lld elements, but its shape has %lld", tensor->name, (long long)count,
                       (long long)tensor->elements);
    if (floats)
        FV_TRY(fv_arena_take(arena, count, (float **)(uintptr_t)&tensor->floats));
    else
        FV_TRY(fv_arena_take(arena, count, (fv_v2_bytes **)(uintptr_t)&tensor->bytes));
    return take_leaves(data, tensor, arena, &at);
}

/* ---- tensors as bytes ---- */

static fv_error *read_binary_floats(const uint8_t *at, int64_t size, fv_v2_tensor *tensor, fv_arena *arena) {
    if (tensor->elements * (int64_t)sizeof(float) != size)
        return fv_fail(FV_USAGE, "\"%s\" has %lld bytes, but its shape has %lld numbers of 4", tensor->name, (long long)size,
                       (long long)tensor->elements);
    return fv_arena_copy(arena, at, size, (void **)(uintptr_t)&tensor->floats);
}

static fv_error *read_binary_bytes(const uint8_t *at, int64_t size, fv_v2_tensor *tensor, fv_arena *arena) {
    fv_v2_bytes *bytes;
    const uint8_t *end = at + size;
    if (tensor->elements > size / 4)
        return fv_fail(FV_USAGE, "\"%s\" has %lld bytes, too few for its shape", tensor->name, (long long)size);
    FV_TRY(fv_arena_take(arena, tensor->elements, &bytes));
    for (int64_t i = 0; i < tensor->elements; i++) {
        uint32_t length;
        if (end - at < 4) return fv_fail(FV_USAGE, "element %lld of \"%s\" is cut", (long long)i, tensor->name);
        memcpy(&length, at, 4);
        at += 4;
        if (end - at < (int64_t)length) return fv_fail(FV_USAGE, "element %lld of \"%s\" is cut", (long long)i, tensor->name);
        bytes[i] = (fv_v2_bytes){ at, length };
        at += length;
    }
    tensor->bytes = bytes;
    return at == end ? NULL : fv_fail(FV_USAGE, "\"%s\" has bytes behind its last element", tensor->name);
}

static fv_error *read_input(const json_t *input, reader *r, fv_v2_tensor *tensor) {
    const char *type;
    int64_t size = 0;
    bool binary;
    FV_TRY(text_at(input, "name", r->arena, &tensor->name));
    FV_TRY(text_at(input, "datatype", r->arena, &type));
    if (!tensor->name || !type) return fv_fail(FV_USAGE, "an input has no name, or no datatype");
    bool floats = !strcmp(type, "FP32");
    if (!floats && strcmp(type, "BYTES") != 0)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "\"%s\" is of type %s", tensor->name, type),
                             "FP32 and BYTES are taken: see the model's metadata");
    FV_TRY(read_shape(input, tensor));
    FV_TRY(whole_at(json_object_get(input, "parameters"), "binary_data_size", &size, &binary));
    if (!binary) return read_json_data(json_object_get(input, "data"), floats, tensor, r->arena);
    const uint8_t *at = r->at;
    if (size > r->end - at) return fv_fail(FV_USAGE, "the bytes of \"%s\" are cut", tensor->name);
    r->at += size;
    return floats ? read_binary_floats(at, size, tensor, r->arena) : read_binary_bytes(at, size, tensor, r->arena);
}

/* ---- the whole ---- */

static fv_error *read_output(const json_t *json, fv_arena *arena, bool binary, fv_v2_output *out) {
    const json_t *parameters = json_object_get(json, "parameters");
    bool given;
    out->binary = binary;
    FV_TRY(text_at(json, "name", arena, &out->name));
    if (!out->name) return fv_fail(FV_USAGE, "an output has no name");
    FV_TRY(flag_at(parameters, "binary_data", &out->binary));
    return whole_at(parameters, "classification", &out->classes, &given);
}

static fv_error *list_at(const json_t *json, const char *key, const json_t **out, int64_t *count) {
    *out = json_object_get(json, key);
    *count = json_is_array(*out) ? (int64_t)json_array_size(*out) : 0;
    if (*out && !json_is_array(*out)) return fv_fail(FV_USAGE, "\"%s\" is no list", key);
    if (*count > FV_V2_TENSORS_MAX) return fv_fail(FV_USAGE, "\"%s\" has more than %d elements", key, FV_V2_TENSORS_MAX);
    return NULL;
}

static fv_error *read_request(const json_t *json, reader *r, fv_v2_request *out) {
    const json_t *parameters = json_object_get(json, "parameters"), *inputs, *outputs;
    int64_t microseconds = 0;
    bool given;
    if (!json_is_object(json)) return fv_fail(FV_USAGE, "the request is JSON, but no object");
    FV_TRY(text_at(json, "id", r->arena, &out->id));
    FV_TRY(flag_at(parameters, "binary_data_output", &out->binary));
    FV_TRY(whole_at(parameters, "timeout", &microseconds, &given));
    out->timeout = 1e-6 * (double)microseconds;
    FV_TRY(list_at(json, "inputs", &inputs, &out->input_count));
    if (!out->input_count) return fv_fail(FV_USAGE, "\"inputs\" is missing, or empty");
    for (int64_t i = 0; i < out->input_count; i++) FV_TRY(read_input(json_array_get(inputs, (size_t)i), r, &out->inputs[i]));
    FV_TRY(list_at(json, "outputs", &outputs, &out->output_count));
    for (int64_t i = 0; i < out->output_count; i++)
        FV_TRY(read_output(json_array_get(outputs, (size_t)i), r->arena, out->binary, &out->outputs[i]));
    return r->at == r->end ? NULL : fv_fail(FV_USAGE, "there are bytes behind the last tensor");
}

fv_error *fv_v2_parse(const uint8_t *body, int64_t length, int64_t header_length, fv_arena *arena, fv_v2_request *out) {
    json_error_t problem;
    json_t *json = NULL;
    *out = (fv_v2_request){ 0 };
    if (header_length < 0) header_length = length;
    if (header_length > length)
        return fv_fail(FV_USAGE, "Inference-Header-Content-Length is %lld, but the body has %lld bytes",
                       (long long)header_length, (long long)length);
    FV_TRY(fv_json_load((const char *)body, header_length, JSON_REJECT_DUPLICATES, &problem, &json));
    if (!json) return fv_fail(FV_USAGE, "the request is no JSON: %s, line %d", problem.text, problem.line);
    reader r = { body + header_length, body + length, arena };
    fv_error *error = read_request(json, &r, out);
    json_decref(json);
    return error;
}
