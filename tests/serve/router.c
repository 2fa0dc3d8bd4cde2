#include "serve/route.h"
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
