/* Bounded texts; numbers and JSON strings. */
#include "tests/test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/random.h"
#include "core/base/text.h"

FV_TEST(base_text__is_a_string_from_the_start_and_grows) {
    FV_TEXT(text, 1 << 20);
    assert_string_equal(text.at, "");
    for (int i = 0; i < 1000; i++) {
        fv_text_addf(&text, "%d,", i);
        assert_int_equal(text.at[text.length], 0);
        assert_int_equal(strlen(text.at), text.length);
    }
    FV_OK(fv_text_error(&text));
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_memory_equal(text.at, "0,1,2,3,4", 9);
    fv_text_clear(&text);
    assert_string_equal(text.at, "");
    fv_text_add(&text, "again");
    assert_string_equal(text.at, "again");
}

FV_TEST(base_text__holds_exactly_its_cap_and_the_first_error_sticks) {
    FV_TEXT(text, 5);
    fv_text_add(&text, "abc");
    fv_text_add(&text, "de");
    fv_text_add(&text, "");
    assert_string_equal(text.at, "abcde");
    fv_text_add(&text, "f");
    fv_text_clear(&text);
    fv_text_add(&text, "g"); /* there would be room */
    assert_string_equal(text.at, "");
    FV_FAILS(fv_text_error(&text), FV_MEMORY, "5 bytes");
    FV_OK(fv_text_error(&text));
}

FV_TEST(base_text__an_error_that_nobody_asks_for_goes_with_the_text) {
    int64_t before = fv_error_live();
    {
        FV_TEXT(text, 0);
        fv_text_add(&text, "x");
        assert_int_equal(fv_error_live(), before + 1);
    }
    assert_int_equal(fv_error_live(), before);
}

FV_TEST(base_text__takes_bytes_with_nuls_and_refuses_absurd_counts) {
    FV_TEXT(text, 100);
    fv_text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.at, "a\0b", 4);
    fv_text_add_bytes(&text, "", 0);
    fv_text_add_bytes(&text, "", INT64_MAX);
    FV_FAILS(fv_text_error(&text), FV_MEMORY, NULL);
}

static void expect_json(const char *string, const char *json) {
    FV_TEXT(text, 1000);
    fv_text_add_json(&text, string);
    assert_string_equal(text.at, json);
}

FV_TEST(base_text__escapes_json) {
    expect_json("", "\"\"");
    expect_json("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    expect_json("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
    expect_json("é漢😀", "\"é漢😀\"");
    expect_json("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF", "\"\\u0085\\u2028\\u2029\\ufeff\"");
}

FV_TEST(base_text__invalid_utf8_becomes_replacement_characters) {
    expect_json("a\xFFz", "\"a\uFFFDz\"");
    expect_json("\xC3", "\"\uFFFD\"");                               /* cut off */
    expect_json("\xC0\xAF", "\"\uFFFD\uFFFD\"");                     /* overlong */
    expect_json("\xE0\x80\xAF", "\"\uFFFD\uFFFD\uFFFD\"");           /* overlong */
    expect_json("\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\"");           /* a surrogate */
    expect_json("\xF4\x90\x80\x80", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""); /* above U+10FFFF */
    expect_json("\xF0\x8F\xBF\xBF", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""); /* overlong */
    expect_json("\xF4\x8F\xBF\xBD", "\"\xF4\x8F\xBF\xBD\"");         /* U+10FFFD */
    expect_json("\xE6\xBC", "\"\uFFFD\uFFFD\"");
}

static void expect_shown(const char *string, const char *printable, const char *xml) {
    FV_TEXT(text, 1000);
    fv_text_add_printable(&text, string);
    assert_string_equal(text.at, printable);
    fv_text_clear(&text);
    fv_text_add_xml(&text, string);
    assert_string_equal(text.at, xml);
}

FV_TEST(base_text__escapes_xml_and_shows_no_control) {
    expect_shown("", "", "");
    expect_shown("<b a=\"1\" c='2'>&amp;", "<b a=\"1\" c='2'>&amp;", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
    expect_shown("é漢😀", "é漢😀", "é漢😀");
    expect_shown("a\x01\n\x7F\xFF\xC2\x85\xED\xA0\x80z", "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDz",
                 "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDz");
}

static void expect_number(double value, const char *printed) {
    FV_TEXT(text, 64);
    fv_text_add_number(&text, value);
    assert_string_equal(text.at, printed);
}

FV_TEST(base_text__prints_numbers_in_their_shortest_form) {
    expect_number(0, "0");
    expect_number(-0.0, "-0");
    expect_number(0.1, "0.1");
    expect_number(1e-3, "0.001");
    expect_number(1.0 / 3, "0.3333333333333333");
    expect_number(0.1 + 0.2, "0.30000000000000004");
    expect_number(1e22, "1e+22");
    expect_number(DBL_MAX, "1.7976931348623157e+308");
    expect_number(5e-324, "4.94065645841247e-324");
    expect_number((double)NAN, "nan");
    expect_number((double)INFINITY, "inf");
    expect_number(-(double)INFINITY, "-inf");
}

FV_TEST(base_text__every_number_reads_back_to_the_same_bits) {
    fv_random random = fv_random_at(1, fv_random_stream("text"), 0, 0);
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double value;
        } in, out;
        in.bits = fv_random_u32(&random) | (uint64_t)fv_random_u32(&random) << 32;
        if (!isfinite(in.value)) continue;
        FV_TEXT(text, 64);
        fv_text_add_number(&text, in.value);
        assert_true(fv_text_to_number(text.at, &out.value));
        assert_int_equal(in.bits, out.bits);
    }
}

FV_TEST(base_text__numbers_do_not_depend_on_the_locale) {
    static const char *const with_commas[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", "nl_NL.UTF-8", "ru_RU.UTF-8" };
    size_t i = 0, count = sizeof with_commas / sizeof *with_commas;
    while (i < count && !setlocale(LC_ALL, with_commas[i])) i++;
    if (i == count) skip(); /* none is installed here */
    char wrong[10];
    snprintf(wrong, sizeof wrong, "%.1f", 0.5);
    assert_string_equal(wrong, "0,5");
    expect_number(0.5, "0.5");
    double value;
    assert_true(fv_text_to_number("0.5", &value));
    assert_true(value == 0.5);
    assert_false(fv_text_to_number("0,5", &value));
}

FV_TEST(base_text__reads_numbers_whole_or_not_at_all) {
    static const struct {
        const char *text;
        double value;
    } good[] = {
        { "0", 0 },           { "-1.5e-3", -1.5e-3 }, { "1e-3", 1e-3 },    { "+2", 2 },           { ".5", .5 },
        { "5.", 5 },          { "1E3", 1000 },        { "inf", INFINITY }, { "-inf", -INFINITY }, { "-.inf", -INFINITY },
        { ".Inf", INFINITY }, { "1e-999", 0 }
    };
    static const char *const bad[] = { "",    " 1",  "1 ",    "1e",     "e3",       "1.2.3",  "0x10", "1_000",
                                       "1,5", "--1", "1e999", "-1e999", "infinity", "nan(1)", "+",    "-",
                                       ".",   "1f",  "٣",     "in",     "-.",       "1e+-3" };
    double value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!fv_text_to_number(good[i].text, &value)) fail_msg("%s was refused", good[i].text);
        assert_true(value == good[i].value);
    }
    assert_true(fv_text_to_number("nan", &value) && isnan(value));
    assert_true(fv_text_to_number(".NaN", &value) && isnan(value));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (fv_text_to_number(bad[i], &value)) fail_msg("\"%s\" was taken for %g", bad[i], value);
}

FV_TEST(base_text__reads_integers_whole_or_not_at_all) {
    static const char *const bad[] = { "",    "-",  "+", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "9223372036854775808",
                                       "--1", "one" };
    int64_t value;
    assert_true(fv_text_to_int("0", &value) && value == 0);
    assert_true(fv_text_to_int("-007", &value) && value == -7);
    assert_true(fv_text_to_int("+12", &value) && value == 12);
    assert_true(fv_text_to_int("9223372036854775807", &value) && value == INT64_MAX);
    assert_true(fv_text_to_int("-9223372036854775808", &value) && value == INT64_MIN);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (fv_text_to_int(bad[i], &value)) fail_msg("\"%s\" was taken for %lld", bad[i], (long long)value);
}

FV_TEST(base_text__gives_a_string_or_its_error) {
    FV_TEXT(text, 4);
    char *string = NULL;
    FV_OK(fv_text_string(&text, &string));
    assert_string_equal(string, "");
    fv_string_free(string);
    fv_text_add(&text, "abc");
    FV_OK(fv_text_string(&text, &string));
    assert_string_equal(string, "abc");
    fv_string_free(string);
    string = NULL;
    fv_text_add(&text, "de");
    FV_FAILS(fv_text_string(&text, &string), FV_MEMORY, NULL);
    assert_null(string);
}
