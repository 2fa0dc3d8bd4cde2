#include "serve/route.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

static fv_arena *arena;

static fv_route_match find(const char *method, const char *path) {
    fv_route_match match;
    FV_OK(fv_route_find(method, path, arena, &match));
    return match;
}

static void begin(void) { FV_OK(fv_arena_new("a test", 1 << 20, &arena)); }

FV_TEST(serve_router__gives_values_of_the_path_with_slashes_in_models_names) {
    begin();
    fv_route_match m = find("POST", "/v1/models/team/blood%20cells/predict");
    assert_string_equal(m.route->name, "predict");
    assert_int_equal(m.count, 1);
    assert_string_equal(m.names[0], "model");
    assert_string_equal(m.values[0], "team/blood cells");
    m = find("POST", "/v1/models/a%2Fb@champion/predict");
    assert_string_equal(m.values[0], "a/b@champion");
    m = find("GET", "/v2/models/cells/versions/3/ready");
    assert_string_equal(m.route->name, "v2 version ready");
    assert_string_equal(m.values[0], "cells");
    assert_string_equal(m.values[1], "3");
    fv_arena_free(arena);
}

FV_TEST(serve_router__prefers_what_is_written_out_to_a_name) {
    begin();
    assert_string_equal(find("GET", "/v2/models/stats").route->name, "v2 statistics all");
    assert_string_equal(find("GET", "/v2/models/cells/stats").route->name, "v2 statistics");
    assert_string_equal(find("GET", "/v2/models/cells").route->name, "v2 metadata");
    assert_string_equal(find("HEAD", "/healthz").route->name, "healthz");
    fv_arena_free(arena);
}

FV_TEST(serve_router__says_which_methods_a_path_has) {
    begin();
    fv_route_match m = find("GET", "/v1/models/cells/predict");
    assert_true(!m.route && m.path_known);
    assert_string_equal(m.allowed, "POST, OPTIONS");
    m = find("GET", "/v2/models/cells/infer"); /* not the metadata of a model "cells/infer" */
    assert_true(!m.route && m.path_known);
    assert_string_equal(m.allowed, "POST, OPTIONS");
    m = find("DELETE", "/healthz");
    assert_true(!m.route && m.path_known);
    assert_string_equal(m.allowed, "GET, HEAD, OPTIONS");
    m = find("GET", "/healthz/x");
    assert_true(!m.route && !m.path_known);
    m = find("POST", "/v1/models//predict");
    assert_false(m.path_known);
    fv_arena_free(arena);
}

FV_TEST(serve_router__refuses_percent_signs_that_stand_for_nothing) {
    fv_route_match m;
    begin();
    FV_FAILS(fv_route_find("GET", "/v2/models/a%2", arena, &m), FV_USAGE, "percent sign");
    FV_FAILS(fv_route_find("GET", "/v2/models/a%zz", arena, &m), FV_USAGE, "percent sign");
    FV_FAILS(fv_route_find("GET", "/v2/models/a%00b", arena, &m), FV_USAGE, "percent sign");
    fv_arena_free(arena);
}

#define OF_A_VERSION "/versions/{version}"

/* The route with that path and method; NULL: there is none. */
static const fv_route *route_at(const char *method, const char *path) {
    for (int i = 0; i < fv_route_table_count; i++)
        if (!strcmp(fv_route_table[i]->path, path) && !strcmp(fv_route_table[i]->method, method)) return fv_route_table[i];
    return NULL;
}

FV_TEST(serve_router__each_route_of_a_model_is_that_of_a_version_too) {
    int pairs = 0;
    for (int i = 0; i < fv_route_table_count; i++) {
        const fv_route *a = fv_route_table[i];
        const char *name = "models/{model}", *model = strstr(a->path, name);
        char path[256];
        if (!model || strstr(a->path, "/repository/") || strstr(a->path, OF_A_VERSION)) continue;
        int length = (int)(model + strlen(name) - a->path);
        snprintf(path, sizeof path, "%.*s" OF_A_VERSION "%s", length, a->path, a->path + length);
        const fv_route *b = route_at(a->method, path);
        if (!b) fail_msg("%s %s has no %s", a->method, a->path, path);
        assert_true(a->handle == b->handle && a->finish == b->finish);
        assert_true(a->fields == b->fields && a->size == b->size && a->takes == b->takes && a->also == b->also);
        assert_true(a->scope == b->scope && a->open == b->open && a->body_optional == b->body_optional);
        assert_string_equal(a->answers, b->answers);
        assert_true(a->schema == b->schema || !strcmp(a->schema, b->schema));
        pairs++;
    }
    assert_int_equal(pairs, 6);
    for (int i = 0; i < fv_route_table_count; i++) pairs -= strstr(fv_route_table[i]->path, OF_A_VERSION) != NULL;
    assert_int_equal(pairs, 0); /* and none is of a version alone */
}
