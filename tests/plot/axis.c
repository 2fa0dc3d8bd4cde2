/* Axes: ticks at nice numbers, inside or around the range, few enough; ranges that are none. */
#include "plot/axis.h"

#include <math.h>

#include "tests/test.h"

/* The ticks as text, and the ends when they moved. */
static void expect(fv_axis_options options, const char *wanted) {
    fv_axis axis;
    FV_TEXT(text, 1 << 12);
    fv_axis_make(&options, &axis);
    for (int i = 0; i < axis.count; i++) {
        fv_text_add(&text, i ? " " : "");
        fv_axis_print(axis.ticks[i], &text);
    }
    assert_string_equal(text.at, wanted);
    assert_true(axis.count <= options.at_most);
    assert_true(axis.low < axis.high);
}

FV_TEST(plot_axis__ticks_are_1_2_or_5_times_a_power_of_ten) {
    expect((fv_axis_options){ .low = 0, .high = 1, .at_most = 6 }, "0 0.2 0.4 0.6 0.8 1");
    expect((fv_axis_options){ .low = 0, .high = 1, .at_most = 11 }, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1");
    expect((fv_axis_options){ .low = 1, .high = 30, .at_most = 7 }, "5 10 15 20 25 30");
    expect((fv_axis_options){ .low = -0.003, .high = 0.0041, .at_most = 4 }, "-0.002 0 0.002 0.004");
    expect((fv_axis_options){ .low = 0, .high = 1234567, .at_most = 5 }, "0 500000 1e6");
}

FV_TEST(plot_axis__the_range_grows_to_the_next_ticks) {
    fv_axis axis;
    expect((fv_axis_options){ .low = 0.13, .high = 0.87, .at_most = 6, .outwards = true }, "0 0.2 0.4 0.6 0.8 1");
    fv_axis_make(&(fv_axis_options){ .low = 0.13, .high = 0.87, .at_most = 6, .outwards = true }, &axis);
    assert_true(axis.low == 0 && axis.high == 1);
    fv_axis_make(&(fv_axis_options){ .low = 0.13, .high = 0.87, .at_most = 6 }, &axis);
    assert_true(axis.low == 0.13 && axis.high == 0.87);
}

FV_TEST(plot_axis__whole_numbers_have_no_halves_between) {
    expect((fv_axis_options){ .low = 1, .high = 3, .at_most = 10, .whole = true }, "1 2 3");
    expect((fv_axis_options){ .low = 1, .high = 2, .at_most = 10, .whole = true }, "1 2");
}

FV_TEST(plot_axis__logarithms_have_powers_of_ten) {
    expect((fv_axis_options){ .low = 1e-7, .high = 10, .at_most = 10, .logarithmic = true },
           "1e-7 1e-6 1e-5 0.0001 0.001 0.01 0.1 1 10");
    expect((fv_axis_options){ .low = 0.015, .high = 0.6, .at_most = 10, .logarithmic = true }, "0.02 0.05 0.1 0.2 0.5");
    expect((fv_axis_options){ .low = 0.24, .high = 0.96, .at_most = 6, .logarithmic = true, .outwards = true }, "0.2 0.5 1");
    expect((fv_axis_options){ .low = 0.2, .high = 21, .at_most = 10, .logarithmic = true, .outwards = true },
           "0.2 0.5 1 2 5 10 20 50");
    expect((fv_axis_options){ .low = 0.2, .high = 21, .at_most = 4, .logarithmic = true, .outwards = true }, "1 10");
    expect((fv_axis_options){ .low = 1e-8, .high = 1e4, .at_most = 5, .logarithmic = true }, "1e-8 1e-5 0.01 10 10000");
}

FV_TEST(plot_axis__what_is_no_range_becomes_one) {
    expect((fv_axis_options){ .low = 5, .high = 5, .at_most = 4 }, "4 6");
    expect((fv_axis_options){ .low = 0, .high = 0, .at_most = 3 }, "-1 0 1");
    expect((fv_axis_options){ .low = INFINITY, .high = -INFINITY, .at_most = 3 }, "0 0.5 1");
    expect((fv_axis_options){ .low = NAN, .high = NAN, .at_most = 3 }, "0 0.5 1");
    expect((fv_axis_options){ .low = -1, .high = 1, .at_most = 4, .logarithmic = true }, "0.1 0.2 0.5 1");
    expect((fv_axis_options){ .low = -1e308, .high = 1e308, .at_most = 2 }, "0 1");
    expect((fv_axis_options){ .low = 1, .high = 1 + 0x1p-52, .at_most = 4 }, "0.5 1 1.5");
}

FV_TEST(plot_axis__places_are_between_0_and_1) {
    fv_axis axis;
    fv_axis_make(&(fv_axis_options){ .low = 2, .high = 6, .at_most = 5 }, &axis);
    assert_true(fv_axis_place(&axis, 3) == 0.25);
    assert_true(isnan(fv_axis_place(&axis, NAN)));
    fv_axis_make(&(fv_axis_options){ .low = 1, .high = 100, .at_most = 5, .logarithmic = true }, &axis);
    assert_true(fabs(fv_axis_place(&axis, 10) - 0.5) < 1e-15);
    assert_true(isnan(fv_axis_place(&axis, 0)));
}
