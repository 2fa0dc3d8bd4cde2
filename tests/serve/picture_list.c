#include "serve/picture_list.h"

#include "tests/test.h"

static fv_arena *arena;
static fv_picture_list list;

static void begin(void) { FV_OK(fv_arena_new("a test", 1 << 20, &arena)); }

static fv_error *json(const char *text) { return fv_pictures_of_json(text, (int64_t)strlen(text), arena, &list); }

static fv_error *form(const char *text, const char *boundary) {
    return fv_pictures_of_form((const uint8_t *)text, (int64_t)strlen(text), boundary, arena, &list);
}

FV_TEST(serve_picture_list__reads_one_and_several_from_json) {
    begin();
    FV_OK(json("{\"image\": \"aGVsbG8=\", \"id\": \"a\", \"top\": 2, \"threshold\": 0.5}"));
    assert_true(list.one && list.count == 1 && list.top == 2 && list.threshold == 0.5);
    assert_string_equal(list.at[0].id, "a");
    assert_int_equal(list.at[0].length, 5);
    assert_memory_equal(list.at[0].bytes, "hello", 5);
    FV_OK(json("{\"images\": [\"aGVsbG8\", {\"image\": \"data:image/png;base64,aGVsbG8=\", \"id\": \"b\"}]}"));
    assert_true(!list.one && list.count == 2);
    assert_memory_equal(list.at[1].bytes, "hello", 5);
    fv_arena_free(arena);
}

FV_TEST(serve_picture_list__refuses_json_that_is_none_of_it) {
    begin();
    FV_FAILS(json("{"), FV_USAGE, "no JSON");
    FV_FAILS(json("[]"), FV_USAGE, "no object");
    FV_FAILS(json("{}"), FV_USAGE, "missing");
    FV_FAILS(json("{\"image\": \"!!\"}"), FV_USAGE, "base64");
    FV_FAILS(json("{\"image\": 1}"), FV_USAGE, "no string");
    FV_FAILS(json("{\"images\": []}"), FV_USAGE, "elements");
    FV_FAILS(json("{\"image\": \"\", \"top\": 0}"), FV_USAGE, "top");
    FV_FAILS(json("{\"image\": \"\", \"id\": 3}"), FV_USAGE, "id");
    fv_arena_free(arena);
}

#define FILE_PART "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"p.png\"\r\nContent-Type: image/png\r\n\r\n"

FV_TEST(serve_picture_list__reads_a_form) {
    begin();
    FV_OK(form("preamble\r\n" FILE_PART "one\r\ntwo\r\n--b \r\nContent-Disposition: form-data; name=top\r\n\r\n3\r\n"
               "--b\r\ncontent-disposition: form-data; name=image\r\n\r\n\r\n--b--\r\nepilogue",
               "b"));
    assert_true(list.count == 2 && !list.one && list.top == 3);
    assert_string_equal(list.at[0].name, "p.png");
    assert_int_equal(list.at[0].length, 8);
    assert_memory_equal(list.at[0].bytes, "one\r\ntwo", 8);
    assert_int_equal(list.at[1].length, 0);
    fv_arena_free(arena);
}

FV_TEST(serve_picture_list__refuses_forms_that_are_cut_or_empty) {
    begin();
    FV_FAILS(form("", "b"), FV_USAGE, "boundary is not in");
    FV_FAILS(form(FILE_PART "x\r\n--b--", NULL), FV_USAGE, "no boundary");
    FV_FAILS(form(FILE_PART "x", "b"), FV_USAGE, "cut");
    FV_FAILS(form("--b", "b"), FV_USAGE, "cut");
    FV_FAILS(form("--b--", "b"), FV_USAGE, "no picture");
    FV_FAILS(form("--b\r\nX: y\r\n\r\nz\r\n--b--", "b"), FV_USAGE, "Content-Disposition");
    FV_FAILS(form("--b\r\nContent-Disposition: form-data; name=other\r\n\r\nz\r\n--b--", "b"), FV_USAGE, "not known");
    FV_FAILS(form("--b\r\nContent-Disposition: form-data; name=top\r\n\r\n-1\r\n--b--", "b"), FV_USAGE, "top");
    fv_arena_free(arena);
}

FV_TEST(serve_picture_list__finds_the_boundary) {
    const char *boundary;
    begin();
    FV_OK(fv_form_boundary("multipart/form-data; charset=utf-8; boundary=\"a b\\\"c\"", arena, &boundary));
    assert_string_equal(boundary, "a b\"c");
    FV_OK(fv_form_boundary("multipart/form-data;BOUNDARY=xyz ; q=1", arena, &boundary));
    assert_string_equal(boundary, "xyz");
    FV_OK(fv_form_boundary("multipart/form-data; boundaries=1", arena, &boundary));
    assert_null(boundary);
    fv_arena_free(arena);
}
