/* The text form: both ways. */
#include "tests/allocations.h"
#include "tests/test.h"

#include "core/base/assert.h"
#include "tests/core/base/sample.h"

static void expect_printed(const char *text, const char *printed) {
    SAMPLE(one);
    SAMPLE(again);
    FV_TEXT(out, 1 << 16);
    FV_OK(fv_fields_parse(sample_fields, &one.options, text, one.arena));
    fv_fields_print(sample_fields, &one.options, &out);
    FV_OK(fv_text_error(&out));
    assert_string_equal(out.at, printed);
    FV_OK(fv_fields_parse(sample_fields, &again.options, out.at, again.arena));
    assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
}

FV_TEST(base_fields_text__prints_what_differs_from_the_default_and_what_is_required) {
    expect_printed("window=3", "window=3,3");
    expect_printed("window=3 stride=1,2 seed=-1 rate=5e-1 mode=reflect tags=a,\"b c\"", "window=3,3");
    expect_printed("  window=3,4\n\tp=1e-3  ceil=on\n", "window=3,4 rate=0.001 ceil=true");
    expect_printed("mode=edge random-seed=0 window=1", "window=1,1 seed=0 mode=edge");
    expect_printed("window=1 tags=", "window=1,1 tags=");
    expect_printed("window=1 tags=\"\"", "window=1,1 tags=\"\"");
    expect_printed("window=1 weights= dims=-1", "window=1,1 dims=-1 weights=");
    expect_printed("window=1 name=\"a b\\u0041,\" tags=\"x\\\"y\",z", "window=1,1 name=\"a bA,\" tags=\"x\\\"y\",z");
    expect_printed("window=1 name=a,b", "window=1,1 name=\"a,b\"");
    expect_printed("window=1 bounds=-0,-inf", "window=1,1 bounds=-0,-inf");
}

FV_TEST(base_fields_text__anything_survives_the_round_trip) {
    SAMPLE(one);
    SAMPLE(again);
    FV_TEXT(out, 1 << 16);
    sample_fill(&one);
    fv_fields_print(sample_fields, &one.options, &out);
    FV_OK(fv_fields_parse(sample_fields, &again.options, out.at, again.arena));
    assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
    assert_int_equal(again.options.untouched, 0x5A5A5A5A5A5A5A5A);
}

FV_TEST(base_fields_text__a_default_text_can_be_taken_back) {
    typedef struct named {
        const char *name;
    } named;
    static const fv_field fields[] = { FV_FIELD(named, name, .by_default = "cosine"), FV_FIELDS_END };
    SAMPLE(one);
    named options;
    FV_TEXT(out, 100);
    FV_OK(fv_fields_parse(fields, &options, "name=", one.arena));
    assert_null(options.name);
    fv_fields_print(fields, &options, &out);
    assert_string_equal(out.at, "name=");
}

FV_TEST(base_fields_text__null_and_empty_texts_are_the_defaults) {
    SAMPLE(one);
    uint64_t options[2];
    FV_OK(fv_fields_parse(fv_no_fields, options, NULL, one.arena));
    FV_OK(fv_fields_parse(fv_no_fields, options, " \n ", one.arena));
    FV_FAILS(fv_fields_parse(fv_no_fields, options, "a=1", one.arena), FV_USAGE, "there is no \"a\"");
    FV_TEXT(out, 10);
    fv_fields_print(fv_no_fields, options, &out);
    assert_string_equal(out.at, "");
}

FV_TEST(base_fields_text__what_cannot_be_read_is_refused) {
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "", "window is missing" },
        { "window", "\"window\" has no value: it should be window=VALUE" },
        { "window =3", "\"window\" has no value" },
        { "=3", "there is no \"\"" },
        { "window=3 = 4", "there is no \"\"" },
        { "window=3 window=4", "window is given twice" },
        { "window=3 p=1 rate=1", "rate is given twice" },
        { "window=3 name=\"a b", "in quotes is not whole" },
        { "window=3 tags=a,\"b", "in quotes is not whole" },
        { "window=3 tags=\"a\"b", "comma is missing" },
        { "window=3, 4", "window" },
        { "window=3 moed=edge", "there is no \"moed\"" },
    };
    for (int i = 0; i < FV_COUNT(bad); i++) {
        SAMPLE(one);
        FV_FAILS(fv_fields_parse(sample_fields, &one.options, bad[i].text, one.arena), FV_USAGE, bad[i].why);
    }
}

FV_TEST(base_fields_text__printing_into_a_full_text_is_its_error) {
    SAMPLE(one);
    FV_TEXT(out, 20);
    sample_fill(&one);
    fv_fields_print(sample_fields, &one.options, &out);
    FV_FAILS(fv_text_error(&out), FV_MEMORY, "20 bytes");
}

/* Not for its own sake: the graph's text and command lines carry whatever users write. Every prefix, and every prefix with one
 * byte changed, is read or refused, and what is read prints to something that reads back. */
FV_TEST(base_fields_text__hostile_texts_are_read_or_refused) {
    static const char text[] =
        "window=3,4 tags=a,\"b \\u00e9\\\\\",\"\" name=\"x=\\ud83d\\ude00\" weights=1e5,inf mode=edge ceil=no";
    static const char changes[] = "\"\\=, \x01\xFF"
                                  "9u";
    char hostile[sizeof text];
    for (size_t length = 0; length < sizeof text; length++)
        for (size_t c = 0; c < sizeof changes; c++) {
            memcpy(hostile, text, length);
            hostile[length] = 0;
            if (length) hostile[length * 7919 % length] = changes[c];
            if (length > 2) hostile[length - 1 - c % 2] = changes[c];
            SAMPLE(one);
            SAMPLE(again);
            fv_error *error = fv_fields_parse(sample_fields, &one.options, hostile, one.arena);
            fv_error_free(error);
            if (error || strchr(hostile, '\xFF')) continue;
            FV_TEXT(out, 1 << 12);
            fv_fields_print(sample_fields, &one.options, &out);
            FV_OK(fv_fields_parse(sample_fields, &again.options, out.at, again.arena));
            assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
        }
}

static fv_error *print_sample(const sample_case *one, fv_text *out) {
    fv_text_clear(out);
    fv_fields_print(sample_fields, &one->options, out);
    return fv_text_error(out);
}

FV_TEST(base_fields_text__without_memory_nothing_is_printed_that_says_something_else) {
    SAMPLE(one);
    FV_TEXT(whole, 1 << 20);
    FV_TEXT(out, 1 << 20);
    sample_fill(&one);
    FV_OK(print_sample(&one, &whole));
    FV_TEST_EACH_ALLOCATION_FAILS(print_sample(&one, &out), assert_string_equal(out.at, whole.at));
}
