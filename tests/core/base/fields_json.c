/* JSON: both ways. */
#include "tests/allocations.h"
#include "tests/test.h"

#include "core/base/assert.h"
#include "tests/core/base/sample.h"

static fv_error *read_json(sample_case *one, const char *json) {
    return fv_fields_from_json(sample_fields, &one->options, json, "request", one->arena);
}

FV_TEST(base_fields_json__reads_an_object_over_the_defaults) {
    SAMPLE(one);
    one.options.stride[0] = 99;
    FV_OK(read_json(
        &one, "{\"window\": [3, 4], \"rate\": 0.25, \"ceil\": true, \"mode\": \"edge\", \"random_seed\": 9223372036854775807,"
              " \"name\": \"a \\ud83d\\ude00\", \"tags\": [\"x,y\", \"\"], \"weights\": [1, 2.5, \"inf\"], \"dims\": []}"));
    const sample *options = &one.options;
    assert_true(options->window[1] == 4 && options->stride[0] == 1 && options->rate == 0.25 && options->ceil);
    assert_int_equal(options->seed, INT64_MAX);
    assert_int_equal(options->mode, SAMPLE_EDGE);
    assert_string_equal(options->name, "a 😀");
    assert_string_equal(options->tags.at[0], "x,y");
    assert_true(options->weights.count == 3 && isinf(options->weights.at[2]));
}

FV_TEST(base_fields_json__what_is_wrong_is_named) {
    static const struct {
        const char *json, *why;
        fv_code code;
    } bad[] = {
        { "", "request:1: this is not JSON", FV_FORMAT },
        { "{\"window\": 3,\n}", "request:2", FV_FORMAT },
        { "{\"window\": 3, \"window\": 4}", "duplicate", FV_FORMAT },
        { "{\"window\": 3} x", "not JSON", FV_FORMAT },
        { "{\"window\": 99999999999999999999}", "not JSON", FV_FORMAT },
        { "{\"name\": \"\\u0000\"}", "not JSON", FV_FORMAT },
        { "{\"name\": \"\xFF\"}", "not JSON", FV_FORMAT },
        { "[1]", "request: this must be a map", FV_USAGE },
        { "{}", "request: window is missing", FV_USAGE },
        { "{\"window\": 3, \"rte\": 1}", "request: there is no \"rte\"", FV_USAGE },
        { "{\"window\": 3.5}", "request: window cannot be \"3.5\"", FV_USAGE },
        { "{\"window\": 3, \"rate\": true}", "rate cannot be \"true\"", FV_USAGE },
        { "{\"window\": 3, \"ceil\": 1}", "ceil cannot be \"1\"", FV_USAGE },
        { "{\"window\": {\"a\": 1}}", "window cannot be a map", FV_USAGE },
        { "{\"window\": [[1]]}", "window cannot be a list of lists", FV_USAGE },
        { "{\"window\": 3, \"rate\": null}", "rate cannot be \"null\"", FV_USAGE },
    };
    for (int i = 0; i < FV_COUNT(bad); i++) {
        SAMPLE(one);
        FV_FAILS(read_json(&one, bad[i].json), bad[i].code, bad[i].why);
    }
}

FV_TEST(base_fields_json__deep_documents_are_refused) {
    static const int depths[] = { 70, 3000, 100000 };
    for (int d = 0; d < FV_COUNT(depths); d++) {
        SAMPLE(one);
        FV_TEXT(json, 1 << 20);
        fv_text_add(&json, "{\"window\": ");
        for (int i = 0; i < depths[d]; i++) fv_text_add(&json, "[");
        for (int i = 0; i < depths[d]; i++) fv_text_add(&json, "]");
        fv_text_add(&json, "}");
        FV_FAILS(read_json(&one, json.at), FV_FORMAT, "request");
    }
}

FV_TEST(base_fields_json__writes_every_field) {
    SAMPLE(one);
    FV_TEXT(out, 1 << 16);
    FV_OK(fv_fields_parse(sample_fields, &one.options, "window=3 weights=1,inf", one.arena));
    fv_fields_to_json(sample_fields, &one.options, &out);
    assert_string_equal(
        out.at, "{\"window\": [3, 3], \"stride\": [1, 2], \"seed\": -1, \"rate\": 0.5, \"bounds\": [0, 0], \"ceil\": false, "
                "\"mode\": \"reflect\", \"dims\": [], \"weights\": [1, \"inf\"], \"name\": null, \"tags\": [\"a\", \"b c\"]}");
    fv_text_clear(&out);
    fv_fields_to_json(fv_no_fields, &one.options, &out);
    assert_string_equal(out.at, "{}");
}

FV_TEST(base_fields_json__anything_survives_the_round_trip) {
    SAMPLE(one);
    SAMPLE(again);
    FV_TEXT(out, 1 << 16);
    sample_fill(&one);
    fv_fields_to_json(sample_fields, &one.options, &out);
    FV_OK(fv_text_error(&out));
    FV_OK(read_json(&again, out.at));
    assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
}

FV_TEST(base_fields_json__is_yaml_too) {
    SAMPLE(one);
    SAMPLE(again);
    FV_TEXT(out, 1 << 16);
    const fv_yaml *map;
    sample_fill(&one);
    fv_fields_to_json(sample_fields, &one.options, &out);
    FV_OK(fv_yaml_parse(out.at, out.length, "json", again.arena, &map));
    FV_OK(fv_fields_from_yaml(sample_fields, &again.options, map, "json", NULL, again.arena));
    assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
}

FV_TEST(base_fields_json__want_of_memory_leaves_nothing_out) {
    static const char json[] = "{\"window\": [3, 4], \"name\": \"a name that takes more than 16 letters\"}";
    SAMPLE(one);
    FV_TEST_EACH_ALLOCATION_FAILS(read_json(&one, json), {
        assert_int_equal(one.options.window[1], 4);
        assert_string_equal(one.options.name, "a name that takes more than 16 letters");
    });
}
