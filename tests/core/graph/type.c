/* Types, tensors and the rounding of the small floating-point dtypes. */
#include <math.h>

#include "fovea/tensor.h"
#include "tests/test.h"

FV_TEST(core_graph_type__formats_and_parses_back) {
    char text[256];
    const char *end;
    fv_type type = fv_type_of(FV_F32, 32, 28, 1), scalar = fv_type_of(FV_I64), again;
    assert_string_equal(fv_type_format(&type, text), "f32[32,28,1]");
    FV_OK(fv_type_parse("f32[32,28,1] rest", &end, &again));
    assert_true(fv_type_equal(&type, &again));
    assert_string_equal(end, " rest");
    assert_string_equal(fv_type_format(&scalar, text), "i64[]");
    FV_OK(fv_type_parse("i64[]", NULL, &again));
    assert_true(fv_type_equal(&scalar, &again));
}

FV_TEST(core_graph_type__refuses_what_is_no_type) {
    fv_type type;
    static const char *const bad[] = { "",
                                       "f32",
                                       "f31[2]",
                                       "f32[",
                                       "f32[2",
                                       "f32[2,]",
                                       "f32[-1]",
                                       "f32[2;3]",
                                       "f32[1,1,1,1,1,1,1,1,1]",
                                       "f32[9223372036854775807,3]",
                                       "f32[99999999999999999999999]" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fv_error *error = fv_type_parse(bad[i], NULL, &type);
        assert_non_null(error);
        fv_error_free(error);
    }
}

FV_TEST(core_graph_type__a_zero_dimension_hides_no_overflow) {
    fv_type type = fv_type_of(FV_F32, 0, INT64_MAX, INT64_MAX);
    FV_FAILS(fv_type_check(&type), FV_SHAPE, "63 bits");
}

/* Every half-precision number, and between neighbours the rule "to nearest, ties to even". */
FV_TEST(core_graph_type__f16_rounds_to_nearest_even) {
    uint16_t bits = 0;
    fv_type type = fv_type_of(FV_F16, 1);
    fv_tensor half = fv_tensor_of(&type, &bits);
    for (uint32_t i = 0; i < 0x7c00; i++) {
        bits = (uint16_t)i;
        double here = fv_tensor_load(&half, 0);
        bits = (uint16_t)(i + 1);
        double next = i + 1 == 0x7c00 ? 65536 : fv_tensor_load(&half, 0);
        fv_tensor_store(&half, 0, here);
        assert_int_equal(bits, i);
        fv_tensor_store(&half, 0, (here + next) / 2);
        assert_int_equal(bits, i + (i & 1));
        fv_tensor_store(&half, 0, -(here * 0.75 + next * 0.25));
        assert_int_equal(bits, 0x8000 | i);
    }
    fv_tensor_store(&half, 0, 1e9);
    assert_int_equal(bits, 0x7c00);
    fv_tensor_store(&half, 0, NAN);
    assert_true(isnan(fv_tensor_load(&half, 0)));
}

FV_TEST(core_graph_type__bf16_rounds_once_to_nearest_even) {
    uint16_t bits = 0;
    fv_type type = fv_type_of(FV_BF16, 1);
    fv_tensor tensor = fv_tensor_of(&type, &bits);
    fv_tensor_store(&tensor, 0, 1 + 0x1p-8); /* a tie between 1 and 1 + 2^−7 */
    assert_int_equal(bits, 0x3f80);
    fv_tensor_store(&tensor, 0, 1 + 0x1p-8 + 0x1p-40); /* just above it: a float alone would be the tie again */
    assert_int_equal(bits, 0x3f81);
    fv_tensor_store(&tensor, 0, 1 + 3 * 0x1p-8 - 0x1p-40); /* just below the next tie */
    assert_int_equal(bits, 0x3f81);
    fv_tensor_store(&tensor, 0, 1 + 3 * 0x1p-8);
    assert_int_equal(bits, 0x3f82);
    fv_tensor_store(&tensor, 0, 1e39);
    assert_int_equal(bits, 0x7f80);
}

FV_TEST(core_graph_type__integers_saturate_and_nan_becomes_zero) {
    int8_t small = 0;
    int64_t large = 0;
    fv_type type = fv_type_of(FV_I8, 1), wide = fv_type_of(FV_I64, 1);
    fv_tensor tensor = fv_tensor_of(&type, &small), big = fv_tensor_of(&wide, &large);
    fv_tensor_store(&tensor, 0, 1000);
    assert_int_equal(small, 127);
    fv_tensor_store(&tensor, 0, -2.5);
    assert_int_equal(small, -2);
    fv_tensor_store(&tensor, 0, NAN);
    assert_int_equal(small, 0);
    fv_tensor_store(&big, 0, 1e30);
    assert_true(large == INT64_MAX);
    fv_tensor_store(&big, 0, -INFINITY);
    assert_true(large == INT64_MIN);
}

FV_TEST(core_graph_type__contiguity_ignores_strides_of_single_rows) {
    float data[6];
    fv_type type = fv_type_of(FV_F32, 1, 3, 2);
    fv_tensor tensor = fv_tensor_of(&type, data);
    assert_true(fv_tensor_is_contiguous(&tensor));
    tensor.strides[0] = 77;
    assert_true(fv_tensor_is_contiguous(&tensor));
    tensor.strides[1] = 1;
    assert_false(fv_tensor_is_contiguous(&tensor));
}
