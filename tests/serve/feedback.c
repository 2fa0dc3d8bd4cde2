#include "serve/feedback.h"

#include <stdio.h>

#include "tests/test.h"

static fv_arena *arena;
static fv_logged_truth *told;
static int64_t count;

static void begin(void) { FV_OK(fv_arena_new("a test", 1 << 20, &arena)); }

static fv_error *parse(const char *text, bool lines, const char *by) {
    return fv_feedback_parse(text, (int64_t)strlen(text), lines, by, arena, &told, &count);
}
static fv_error *json(const char *text) { return parse(text, false, NULL); }

FV_TEST(serve_feedback__takes_a_class_several_and_a_number) {
    begin();
    FV_OK(json("{\"id\": \"a\", \"label\": \"cat\", \"by\": \"Ann\"}"));
    assert_true(count == 1 && told[0].kind == FV_ONE_CLASS && told[0].count == 1);
    assert_string_equal(told[0].labels[0], "cat");
    assert_string_equal(told[0].by, "Ann");
    FV_OK(json("{\"feedback\": [{\"id\": \"a\", \"labels\": [\"x\", \"y\"]}, {\"id\": \"b\", \"number\": 2.5}, "
               "{\"id\": \"c\", \"labels\": []}]}"));
    assert_true(count == 3 && told[0].kind == FV_MULTI_LABEL && told[0].count == 2 && told[2].count == 0);
    assert_string_equal(told[0].labels[1], "y");
    assert_true(told[1].kind == FV_NUMBERS && told[1].number == 2.5);
    FV_OK(parse("\n{\"id\": \"a\", \"label\": \"cat\"}\r\n \r\n{\"id\": \"b\", \"label\": \"dog\"}", true, NULL));
    assert_true(count == 2);
    assert_string_equal(told[1].labels[0], "dog");
    fv_arena_free(arena);
}

FV_TEST(serve_feedback__who_shows_a_token_speaks_in_its_name) {
    begin();
    FV_OK(parse("{\"id\": \"a\", \"label\": \"cat\", \"by\": \"Ann\"}", false, "robot"));
    assert_string_equal(told[0].by, "robot");
    fv_arena_free(arena);
}

FV_TEST(serve_feedback__says_what_is_wrong_and_where) {
    char text[256];
    begin();
    FV_FAILS(json("{"), FV_USAGE, "no JSON");
    FV_FAILS(json("[]"), FV_USAGE, "no object");
    FV_FAILS(json("{\"label\": \"cat\"}"), FV_USAGE, "\"id\"");
    FV_FAILS(json("{\"id\": \"\", \"label\": \"cat\"}"), FV_USAGE, "\"id\"");
    snprintf(text, sizeof text, "{\"id\": \"%065d\", \"label\": \"cat\"}", 1);
    FV_FAILS(json(text), FV_USAGE, "64 bytes");
    FV_FAILS(json("{\"id\": \"a\"}"), FV_USAGE, "one of");
    FV_FAILS(json("{\"id\": \"a\", \"label\": \"x\", \"number\": 1}"), FV_USAGE, "one of");
    FV_FAILS(json("{\"id\": \"a\", \"label\": 3}"), FV_USAGE, "\"label\"");
    FV_FAILS(json("{\"id\": \"a\", \"labels\": [3]}"), FV_USAGE, "\"labels\"");
    FV_FAILS(json("{\"id\": \"a\", \"labels\": \"x\"}"), FV_USAGE, "no list");
    FV_FAILS(json("{\"id\": \"a\", \"number\": \"1\"}"), FV_USAGE, "\"number\"");
    FV_FAILS(json("{\"id\": \"a\", \"label\": \"x\", \"lables\": []}"), FV_USAGE, "a key");
    FV_FAILS(json("{\"feedback\": [{\"id\": \"a\", \"label\": \"x\"}], \"by\": \"Ann\"}"), FV_USAGE, "beside");
    FV_FAILS(json("{\"feedback\": []}"), FV_USAGE, "0 labels");
    FV_FAILS(json("{\"feedback\": [{\"id\": \"a\", \"label\": \"x\"}, 3]}"), FV_USAGE, "element 1");
    FV_FAILS(parse(" \n", true, NULL), FV_USAGE, "0 labels");
    FV_FAILS(parse("{\"id\": \"a\", \"label\": \"x\"}\nhello", true, NULL), FV_USAGE, "element 1");
    fv_arena_free(arena);
}
