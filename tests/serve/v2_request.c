#include "serve/v2_request.h"

#include "tests/test.h"

static fv_arena *arena;
static fv_v2_request v2;

static void begin(void) { FV_OK(fv_arena_new("a test", 1 << 20, &arena)); }

/* `bytes` more behind the JSON. */
static fv_error *parse(const char *json, const void *tail, int64_t bytes) {
    static uint8_t body[4096];
    int64_t length = (int64_t)strlen(json);
    memcpy(body, json, (size_t)length);
    if (bytes) memcpy(body + length, tail, (size_t)bytes);
    return fv_v2_parse(body, length + bytes, bytes ? length : -1, arena, &v2);
}

#define FLOATS "{\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP32\",\"shape\":[2,2],"
#define BYTES "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[2],"

FV_TEST(serve_v2_request__reads_tensors_in_json_flat_and_nested) {
    begin();
    FV_OK(parse(FLOATS "\"data\":[1,2,3.5,4]}],\"id\":\"a\",\"parameters\":{\"timeout\":2000000}}", NULL, 0));
    assert_true(v2.input_count == 1 && v2.inputs[0].elements == 4 && v2.inputs[0].floats[2] == 3.5f);
    assert_true(v2.timeout == 2 && !v2.binary);
    assert_string_equal(v2.id, "a");
    FV_OK(parse(FLOATS "\"data\":[[1,2],[3,4]]}]}", NULL, 0));
    assert_true(v2.inputs[0].floats[3] == 4);
    FV_OK(parse(BYTES "\"data\":[\"aGVsbG8=\",\"\"]}]}", NULL, 0));
    assert_true(v2.inputs[0].bytes[0].length == 5 && v2.inputs[0].bytes[1].length == 0);
    fv_arena_free(arena);
}

FV_TEST(serve_v2_request__reads_tensors_behind_the_json) {
    const float floats[4] = { 1, 2, 3, 4 };
    static const char bytes[] = "\3\0\0\0abc\1\0\0\0d";
    begin();
    FV_OK(parse(FLOATS "\"parameters\":{\"binary_data_size\":16}}],\"parameters\":{\"binary_data_output\":true}}", floats, 16));
    assert_true(v2.binary && v2.inputs[0].floats[3] == 4);
    FV_OK(parse(BYTES "\"parameters\":{\"binary_data_size\":12}}],\"outputs\":[{\"name\":\"scores\",\"parameters\":"
                      "{\"classification\":3,\"binary_data\":true}}]}",
                bytes, 12));
    assert_memory_equal(v2.inputs[0].bytes[0].at, "abc", 3);
    assert_memory_equal(v2.inputs[0].bytes[1].at, "d", 1);
    assert_true(v2.output_count == 1 && v2.outputs[0].binary && v2.outputs[0].classes == 3);
    fv_arena_free(arena);
}

FV_TEST(serve_v2_request__holds_sizes_against_the_bytes_there_are) {
    const float floats[4] = { 0 };
    begin();
    FV_FAILS(parse(FLOATS "\"parameters\":{\"binary_data_size\":17}}]}", floats, 16), FV_USAGE, "cut");
    FV_FAILS(parse(FLOATS "\"parameters\":{\"binary_data_size\":12}}]}", floats, 16), FV_USAGE, "12 bytes");
    FV_FAILS(parse(BYTES "\"parameters\":{\"binary_data_size\":8}}]}", "\xff\xff\xff\xff\0\0\0\0", 8), FV_USAGE, "cut");
    FV_FAILS(parse(BYTES "\"parameters\":{\"binary_data_size\":9}}]}", "\0\0\0\0\0\0\0\0x", 9), FV_USAGE, "behind");
    FV_FAILS(parse(FLOATS "\"parameters\":{\"binary_data_size\":16}}]}", "0123456789abcdefg", 17), FV_USAGE, "behind");
    FV_FAILS(
        parse("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[4294967296,4294967296],\"data\":[]}]}", NULL, 0),
        FV_USAGE, "too large");
    FV_FAILS(fv_v2_parse((const uint8_t *)"{}", 2, 3, arena, &v2), FV_USAGE, "Inference-Header-Content-Length");
    fv_arena_free(arena);
}

FV_TEST(serve_v2_request__says_what_is_wrong) {
    begin();
    FV_FAILS(parse("?", NULL, 0), FV_USAGE, "no JSON");
    FV_FAILS(parse("[]", NULL, 0), FV_USAGE, "no object");
    FV_FAILS(parse("{}", NULL, 0), FV_USAGE, "inputs");
    FV_FAILS(parse("{\"inputs\":[{}]}", NULL, 0), FV_USAGE, "no name");
    FV_FAILS(parse("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT8\",\"shape\":[1],\"data\":[1]}]}", NULL, 0), FV_UNSUPPORTED,
             "INT8");
    FV_FAILS(parse(FLOATS "\"data\":[1,2,3]}]}", NULL, 0), FV_USAGE, "3 elements");
    FV_FAILS(parse(FLOATS "\"data\":[1,2,3,\"x\"]}]}", NULL, 0), FV_USAGE, "no number");
    FV_FAILS(parse(FLOATS "\"data\":7}]}", NULL, 0), FV_USAGE, "neither data");
    FV_FAILS(parse(BYTES "\"data\":[1,2]}]}", NULL, 0), FV_USAGE, "base64");
    fv_arena_free(arena);
}
