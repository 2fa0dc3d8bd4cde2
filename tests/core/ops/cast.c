/* cast: fractions are cut off as numpy does, what does not fit saturates; half precisions round to even. */
#include "core/plan/selftest.h"
#include "tests/core/ops/values.h"
#include "tests/test.h"

FV_TEST(core_ops_cast__equals_numpy) { fv_test_values("cast"); }

static uint16_t cast_one(const char *line, double value) {
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(fv_op_find("cast"), line, false, &c));
    fv_tensor_store(&c->call.inputs[0], 0, value);
    c->call.op->reference(&c->call);
    return *(const uint16_t *)c->call.outputs[0].data;
}

FV_TEST(core_ops_cast__to_half_precision_rounds_to_even) {
    assert_int_equal(cast_one("x=f32[1] dtype=f16", 1 + 0x1p-11), 0x3c00);
    assert_int_equal(cast_one("x=f32[1] dtype=f16", 1 + 0x3p-11), 0x3c02);
    assert_int_equal(cast_one("x=f32[1] dtype=bf16", 1 + 0x1p-8), 0x3f80);
    assert_int_equal(cast_one("x=f32[1] dtype=bf16", 1 + 0x3p-8), 0x3f82);
}
