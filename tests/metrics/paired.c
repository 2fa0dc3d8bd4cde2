/* McNemar's test against scipy's binomial. */
#include <stdio.h>

#include "core/base/memory.h"
#include "tests/metrics/golden.h"

static void check(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    long long first, second;
    assert_int_equal(sscanf(line, "mcnemar %lld %lld", &first, &second), 2);
    assert_int_equal(count, 2);
    uint8_t *right;
    int64_t samples = first + second + 5; /* and five that both have right */
    FV_OK(fv_memory_new(2 * samples, &right));
    for (int64_t i = 0; i < samples; i++) {
        right[i] = i < first || i >= first + second;
        right[samples + i] = i >= first;
    }
    fv_mcnemar m = fv_mcnemar_test(right, right + samples, samples);
    assert_int_equal(m.only_first, first);
    assert_int_equal(m.only_second, second);
    golden_near(data, line, m.exact, numbers[0], 1e-12);
    golden_near(data, line, m.mid_p, numbers[1], 1e-12);
    fv_memory_free(right);
}

FV_TEST(metrics_paired__mcnemars_is_scipys) { golden_lines("mcnemar", check); }

FV_TEST(metrics_paired__models_that_never_differ_are_alike) {
    const uint8_t right[] = { 1, 0, 1 };
    fv_mcnemar m = fv_mcnemar_test(right, right, 3);
    assert_true(m.exact == 1 && m.mid_p == 1 && m.only_first == 0 && m.only_second == 0);
}
