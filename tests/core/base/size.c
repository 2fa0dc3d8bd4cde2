/* Checked sizes. */
#include "tests/test.h"

#include "core/base/size.h"

FV_TEST(base_size__products_and_sums_that_fit_are_exact) {
    int64_t out;
    assert_true(fv_size_mul(3037000499, 3037000499, &out));
    assert_int_equal(out, INT64_C(9223372030926249001));
    assert_true(fv_size_mul(0, INT64_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(fv_size_add(INT64_MAX - 1, 1, &out));
    assert_int_equal(out, INT64_MAX);
}

FV_TEST(base_size__refuses_what_does_not_fit_or_is_negative) {
    int64_t out;
    assert_false(fv_size_mul(3037000500, 3037000500, &out));
    assert_false(fv_size_mul(-1, -1, &out));
    assert_false(fv_size_mul(-1, 0, &out));
    assert_false(fv_size_add(INT64_MAX, 1, &out));
    assert_false(fv_size_add(5, -1, &out));
}

FV_TEST(base_size__rounds_up) {
    assert_int_equal(fv_ceil_div(0, 8), 0);
    assert_int_equal(fv_ceil_div(1, 8), 1);
    assert_int_equal(fv_ceil_div(8, 8), 1);
    assert_int_equal(fv_round_up(65, 64), 128);
    assert_int_equal(fv_min(-1, 1), -1);
    assert_int_equal(fv_max(-1, 1), 1);
}
