/* openapi.c - see openapi.h. */
#include "serve/openapi.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "serve/route.h"

static void add_key(fv_text *out, const char *key) {
    fv_text_add_json(out, key);
    fv_text_add(out, ":");
}

/* ---- parameters ---- */

static void add_range(const fv_field *field, fv_text *out) {
    if (field->min == 0 && field->max == 0) return;
    fv_text_add(out, ",\"minimum\":");
    fv_text_add_number(out, field->min);
    if (!isfinite(field->max) || field->max == 0) return;
    fv_text_add(out, ",\"maximum\":");
    fv_text_add_number(out, field->max);
}

static void add_field(const fv_field *field, fv_text *out) {
    bool number = field->type == FV_FIELD_INT || field->type == FV_FIELD_FLOAT;
    const char *type = field->type == FV_FIELD_INT     ? "integer"
                       : field->type == FV_FIELD_FLOAT ? "number"
                       : field->type == FV_FIELD_BOOL  ? "boolean"
                                                       : "string";
    fv_text_add(out, "{\"name\":");
    fv_text_add_json(out, field->name);
    fv_text_addf(out, ",\"in\":\"query\",\"required\":%s,\"description\":", field->required ? "true" : "false");
    fv_text_add_json(out, field->help);
    fv_text_addf(out, ",\"schema\":{\"type\":\"%s\"", type);
    if (number) add_range(field, out);
    if (number && field->by_default) fv_text_addf(out, ",\"default\":%s", field->by_default);
    fv_text_add(out, "}}");
}

static void add_path_parameter(const char *name, size_t length, fv_text *out) {
    bool version = length == strlen("version") && !strncmp(name, "version", length);
    fv_text_addf(out, "{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":%s}", (int)length, name,
                 version ? "{\"type\":\"integer\",\"minimum\":1}" : "{\"type\":\"string\",\"minLength\":1}");
}

static void add_parameters(const fv_route *route, fv_text *out) {
    bool first = true;
    fv_text_add(out, ",\"parameters\":[");
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at + 1, '{'), first = false) {
        if (!first) fv_text_add(out, ",");
        add_path_parameter(at + 1, strcspn(at + 1, "}"), out);
    }
    for (const fv_field *field = route->fields; field && field->name; field++, first = false) {
        if (!first) fv_text_add(out, ",");
        add_field(field, out);
    }
    fv_text_add(out, "]");
}

/* ---- bodies ---- */

static void add_body(const fv_route *route, fv_text *out) {
    if (!route->takes) return;
    fv_text_addf(out, ",\"requestBody\":{\"required\":%s,\"content\":{", route->body_optional ? "false" : "true");
    for (const fv_route_body *body = route->takes; body->type; body++) {
        if (body != route->takes) fv_text_add(out, ",");
        add_key(out, body->type);
        fv_text_addf(out, "{\"schema\":%s}", body->schema);
    }
    fv_text_add(out, "}}");
}

static void add_answer(const char *status, const char *description, const char *type, const char *schema, fv_text *out) {
    fv_text_addf(out, "\"%s\":{\"description\":", status);
    fv_text_add_json(out, description);
    if (type) {
        fv_text_add(out, ",\"content\":{");
        add_key(out, type);
        fv_text_addf(out, "{\"schema\":%s}}", schema);
    }
    fv_text_add(out, "}");
}

static bool is_v2(const fv_route *route) { return !strncmp(route->path, "/v2", 3); }

static void add_responses(const fv_route *route, fv_text *out) {
    fv_text_add(out, ",\"responses\":{");
    fv_text_add(out, "\"200\":{\"description\":\"the answer\",\"content\":{");
    add_key(out, route->answers);
    fv_text_addf(out, "{\"schema\":%s}", route->schema ? route->schema : "{\"type\":\"string\"}");
    if (is_v2(route) && route->takes) fv_text_add(out, ",\"application/octet-stream\":{\"schema\":{\"type\":\"string\"}}");
    for (const fv_route_body *form = route->also; form && form->type; form++) {
        fv_text_add(out, ",");
        add_key(out, form->type);
        fv_text_addf(out, "{\"schema\":%s}", form->schema);
    }
    fv_text_add(out, "}},");
    add_answer("default", "what is wrong", "application/json",
               is_v2(route) ? "{\"$ref\":\"#/components/schemas/ErrorV2\"}" : "{\"$ref\":\"#/components/schemas/Error\"}", out);
    fv_text_add(out, "}");
}

/* ---- the whole ---- */

static void add_operation(const fv_route *route, fv_text *out) {
    fv_text_add(out, "{\"operationId\":\"");
    for (const char *at = route->name; *at; at++) fv_text_addf(out, "%c", *at == ' ' ? '_' : *at);
    fv_text_add(out, "\",\"summary\":");
    fv_text_add_json(out, route->summary);
    if (route->open) fv_text_add(out, ",\"security\":[]");
    if (!route->open) fv_text_addf(out, ",\"description\":\"Role: %s.\"", fv_token_role_name(route->scope));
    add_parameters(route, out);
    add_body(route, out);
    add_responses(route, out);
    fv_text_add(out, "}");
}

static void add_method(const fv_route *route, fv_text *out) {
    char method[16];
    size_t at = 0;
    for (; route->method[at] && at < sizeof method - 1; at++) method[at] = (char)tolower(route->method[at]);
    method[at] = 0;
    add_key(out, method);
    add_operation(route, out);
}

/* A path once, with all its methods. */
static void add_path(int first, fv_text *out) {
    const char *path = fv_route_table[first]->path;
    add_key(out, path);
    fv_text_add(out, "{");
    for (int i = first, count = 0; i < fv_route_table_count; i++) {
        if (strcmp(fv_route_table[i]->path, path) != 0) continue;
        if (count++) fv_text_add(out, ",");
        add_method(fv_route_table[i], out);
    }
    fv_text_add(out, "}");
}

static bool is_first(int i) {
    for (int k = 0; k < i; k++)
        if (!strcmp(fv_route_table[k]->path, fv_route_table[i]->path)) return false;
    return true;
}

void fv_openapi(fv_text *out) {
    fv_text_add(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"fovea\",\"version\":\"" FOVEA_VERSION "\",\"description\":"
                     "\"Predictions for pictures.\",\"license\":{\"name\":\"Apache 2.0\",\"identifier\":\"Apache-2.0\"}},"
                     "\"security\":[{},{\"token\":[]}],\"paths\":{");
    for (int i = 0, count = 0; i < fv_route_table_count; i++) {
        if (!is_first(i)) continue;
        if (count++) fv_text_add(out, ",");
        add_path(i, out);
    }
    fv_text_add(out,
                "},\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\"schemas\":{"
                "\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\","
                "\"required\":[\"code\",\"message\",\"hint\"],\"properties\":{\"code\":{\"type\":\"string\"},\"message\":"
                "{\"type\":\"string\"},\"hint\":{\"type\":[\"string\",\"null\"]}}}}},"
                "\"ErrorV2\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"string\"}}}"
                "}}}\n");
}
