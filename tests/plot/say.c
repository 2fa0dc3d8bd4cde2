/* Numbers as people read them. */
#include "plot/say.h"

#include <math.h>

#include "tests/test.h"

FV_TEST(plot_say__shares_have_as_many_digits_as_their_pictures_justify) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *text;
    FV_OK(fv_arena_new("texts", 1 << 16, &arena));
    FV_OK(fv_say_percent(arena, 0.98765, 278, &text));
    assert_string_equal(text, "98.8 %");
    FV_OK(fv_say_percent(arena, 0.98765, 10000, &text));
    assert_string_equal(text, "98.77 %");
    FV_OK(fv_say_percent(arena, NAN, 10, &text));
    assert_string_equal(text, "undefined");
}

FV_TEST(plot_say__numbers_have_four_digits) {
    static const struct {
        double number;
        const char *text;
    } cases[] = { { 0.05321, "0.053" },     { 3.14159, "3.142" }, { -271.828, "-271.8" }, { 123456, "123456" },
                  { 1234567, "1.235e+06" }, { 0.00001, "1e-05" }, { 0, "0.000" },         { NAN, "undefined" } };
    FV_OWNED(fv_arena) arena = NULL;
    const char *text;
    FV_OK(fv_arena_new("texts", 1 << 16, &arena));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FV_OK(fv_say_number(arena, cases[i].number, &text));
        assert_string_equal(text, cases[i].text);
    }
}

FV_TEST(plot_say__small_chances_are_bounds) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *text;
    FV_OK(fv_arena_new("texts", 1 << 16, &arena));
    FV_OK(fv_say_p(arena, 0.00001, &text));
    assert_string_equal(text, "p < 0.0001");
    FV_OK(fv_say_p(arena, 0.01349, &text));
    assert_string_equal(text, "p = 0.013");
    FV_OK(fv_say_p(arena, 0.5, &text));
    assert_string_equal(text, "p = 0.50");
}
