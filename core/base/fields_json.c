/* fields_json.c - JSON, read by jansson into the same tree as YAML, so that a value is taken the same way from both. */
#include <inttypes.h>
#include <string.h>

#include "core/base/fields.h"
#include "core/base/json.h"

#define TREE_CAP ((int64_t)64 << 20)
#define DEPTH_CAP 64

static fv_error *read_value(const json_t *json, int depth, fv_arena *arena, const fv_yaml **out);

static fv_error *read_array(const json_t *json, int depth, fv_arena *arena, fv_yaml *node) {
    const fv_yaml **items;
    node->kind = FV_YAML_LIST;
    node->count = (int64_t)json_array_size(json);
    FV_TRY(fv_arena_take(arena, node->count, &items));
    for (int64_t i = 0; i < node->count; i++) FV_TRY(read_value(json_array_get(json, (size_t)i), depth, arena, &items[i]));
    node->items = items;
    return NULL;
}

static fv_error *read_object(json_t *json, int depth, fv_arena *arena, fv_yaml *node) {
    const fv_yaml **items;
    const char **keys, *key;
    json_t *value;
    int64_t i = 0;
    node->kind = FV_YAML_MAP;
    node->count = (int64_t)json_object_size(json);
    FV_TRY(fv_arena_take(arena, node->count, &items));
    FV_TRY(fv_arena_take(arena, node->count, &keys));
    json_object_foreach(json, key, value) {
        keys[i] = key;
        FV_TRY(read_value(value, depth, arena, &items[i++]));
    }
    node->items = items;
    node->keys = keys;
    return NULL;
}

/* Texts and keys are borrowed from `json`. */
static fv_error *read_value(const json_t *json, int depth, fv_arena *arena, const fv_yaml **out) {
    fv_yaml *node;
    if (depth > DEPTH_CAP) return fv_fail(FV_FORMAT, "the document is nested too deeply");
    FV_TRY(fv_arena_take(arena, 1, &node));
    *out = node;
    FV_TEXT(number, 64);
    switch (json_typeof(json)) {
    case JSON_OBJECT: return read_object((json_t *)json, depth + 1, arena, node);
    case JSON_ARRAY: return read_array(json, depth + 1, arena, node);
    case JSON_STRING: node->scalar = json_string_value(json); return NULL;
    case JSON_TRUE: node->scalar = "true"; return NULL;
    case JSON_FALSE: node->scalar = "false"; return NULL;
    case JSON_INTEGER: fv_text_addf(&number, "%" JSON_INTEGER_FORMAT, json_integer_value(json)); break;
    case JSON_REAL: fv_text_add_number(&number, json_real_value(json)); break;
    case JSON_NULL: return NULL;
    }
    FV_TRY(fv_text_error(&number));
    return fv_arena_text(arena, number.at, &node->scalar);
}

static fv_error *set_from_object(const fv_field *fields, void *options, const json_t *json, const char *where,
                                 fv_arena *arena) {
    bool given[FV_FIELDS_MAX] = { 0 };
    const fv_yaml *tree;
    FV_OWNED(fv_arena) scratch = NULL;
    FV_TRY(fv_arena_new(where, TREE_CAP, &scratch));
    FV_TRY(fv_error_wrap(read_value(json, 1, scratch, &tree), "%s", where));
    FV_TRY(fv_fields_defaults(fields, options, arena));
    FV_TRY(fv_fields_from_yaml(fields, options, tree, where, given, arena));
    return fv_error_wrap(fv_fields_check(fields, options, given), "%s", where);
}

fv_error *fv_fields_from_json(const fv_field *fields, void *options, const char *json, const char *where, fv_arena *arena) {
    json_error_t problem;
    json_t *document;
    FV_TRY(fv_json_load(json, (int64_t)strlen(json), JSON_REJECT_DUPLICATES, &problem, &document));
    if (!document) return fv_fail(FV_FORMAT, "%s:%d: this is not JSON: %s", where, problem.line, problem.text);
    fv_error *error = set_from_object(fields, options, document, where, arena);
    json_decref(document);
    return error;
}

void fv_fields_to_json(const fv_field *fields, const void *options, fv_text *out) {
    fv_text_add(out, "{");
    for (const fv_field *field = fields; field->name; field++) {
        fv_text_addf(out, "%s\"%s\": ", field == fields ? "" : ", ", field->name);
        fv_field_print_json(field, options, out);
    }
    fv_text_add(out, "}");
}
