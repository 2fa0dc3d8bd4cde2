/* dropout: the mask is the documented function of seed, stream, step and element, and drops as often as it should. */
#include <math.h>

#include "core/ops/dropout.h"
#include "core/plan/selftest.h"
#include "tests/core/ops/golden.h"
#include "tests/test.h"

/* Runs dropout on ones; returns how many of them are kept. `y` may be NULL. */
static int64_t kept(const char *line, int64_t seed, int64_t step, float *y) {
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(fv_op_find("dropout"), line, false, &c));
    int64_t count = 0, *key = c->call.inputs[1].data;
    key[0] = seed;
    key[1] = step;
    c->call.op->reference(&c->call);
    for (int64_t i = 0; i < fv_type_count(&c->call.outputs[0].type); i++) {
        double value = fv_tensor_load(&c->call.outputs[0], i);
        count += value != 0;
        if (y) y[i] = (float)value;
    }
    return count;
}

FV_TEST(core_ops_dropout__element_i_has_word_i_of_the_stream) {
    const int64_t seed = 0x7123456789abcdef, step = 41;
    float y[1001];
    kept("x=f32[7,11,13]:1..1 key=i64[2] rate=0.3 stream=3000000000", seed, step, y);
    fv_random random = fv_random_at((uint64_t)seed, 3000000000u, (uint32_t)step, 0);
    for (int i = 0; i < 1001; i++) {
        bool keep = fv_random_u32(&random) >= 0.3 * 4294967296.0;
        assert_true(y[i] == (keep ? (float)(1 / 0.7) : 0.0f));
    }
}

FV_TEST(core_ops_dropout__drops_at_its_rate_within_four_deviations) {
    static const struct {
        const char *line;
        double rate;
    } cases[] = { { "x=f32[100000]:1..1 key=i64[2] rate=0.5", 0.5 },
                  { "x=f32[100000]:1..1 key=i64[2] rate=0.1", 0.1 },
                  { "x=f32[100000]:1..1 key=i64[2] rate=0.95", 0.95 } };
    for (int i = 0; i < 3; i++) {
        double rate = cases[i].rate, off = (double)kept(cases[i].line, 5, 0, NULL) - 1e5 * (1 - rate);
        assert_true(fabs(off) < 4 * sqrt(1e5 * rate * (1 - rate)));
    }
    assert_int_equal(kept("x=f32[999]:1..1 key=i64[2] rate=0", 5, 0, NULL), 999);
    assert_int_equal(kept("x=f32[999]:1..1 key=i64[2] rate=1", 5, 0, NULL), 0);
}

FV_TEST(core_ops_dropout__seed_step_and_stream_each_give_another_mask) {
    float first[64], other[64];
    const char *line = "x=f32[64]:1..1 key=i64[2]", *stream = "x=f32[64]:1..1 key=i64[2] stream=1";
    kept(line, 1, 0, first);
    kept(line, 1, 0, other);
    assert_memory_equal(first, other, sizeof first);
    kept(line, 2, 0, other);
    assert_memory_not_equal(first, other, sizeof first);
    kept(line, 1 + ((int64_t)1 << 40), 0, other);
    assert_memory_not_equal(first, other, sizeof first);
    kept(line, 1, 1, other);
    assert_memory_not_equal(first, other, sizeof first);
    kept(stream, 1, 0, other);
    assert_memory_not_equal(first, other, sizeof first);
}

FV_TEST(core_ops_dropout__the_key_is_a_pair_of_whole_numbers) {
    fv_test_misfit("dropout", "x=f32[3] key=i64[3]", "key is i64[3], but has to be i64[2]");
    fv_test_misfit("dropout", "x=f32[3] key=f32[2]", "key is f32[2], but has to be i64[2]");
}
