/* What a model must beat. */
#include "core/base/memory.h"
#include "core/base/random.h"
#include "tests/metrics/golden.h"

FV_TEST(metrics_baseline__of_equally_large_classes_the_first_is_the_majority) {
    const int64_t counts[] = { 2, 5, 1, 5 };
    assert_int_equal(fv_majority_class(counts, 4), 1);
}

FV_TEST(metrics_baseline__of_equally_near_rows_the_first_is_nearest) {
    const float known[] = { 4, 0, 1, 0, -1, 0, 1, 0 }, rows[] = { 0, 0, 1, 0.5f, 3, 0 };
    int64_t nearest[3];
    FV_OK(fv_nearest_rows(known, 4, rows, 3, 2, nearest));
    assert_int_equal(nearest[0], 1);
    assert_int_equal(nearest[1], 1);
    assert_int_equal(nearest[2], 0);
    FV_FAILS(fv_nearest_rows(known, 0, rows, 3, 2, nearest), FV_USAGE, "no known rows");
}

/* Long rows end early: the answer is that of whole distances. */
FV_TEST(metrics_baseline__ending_early_changes_nothing) {
    enum { KNOWN = 40, ROWS = 10, WIDTH = 203 };
    float *values;
    FV_OK(fv_memory_new((KNOWN + ROWS) * WIDTH, &values));
    fv_random random = fv_random_at(1, fv_random_stream("rows"), 0, 0);
    for (int64_t i = 0; i < (KNOWN + ROWS) * WIDTH; i++) values[i] = (float)fv_random_below(&random, 3); /* exact sums */
    int64_t nearest[ROWS];
    FV_OK(fv_nearest_rows(values, KNOWN, values + KNOWN * WIDTH, ROWS, WIDTH, nearest));
    for (int64_t r = 0; r < ROWS; r++) {
        int64_t best = 0, least = INT64_MAX;
        for (int64_t k = 0; k < KNOWN; k++) {
            int64_t sum = 0;
            for (int64_t i = 0; i < WIDTH; i++) {
                int64_t difference = (int64_t)values[k * WIDTH + i] - (int64_t)values[(KNOWN + r) * WIDTH + i];
                sum += difference * difference;
            }
            if (sum < least) best = k, least = sum;
        }
        assert_int_equal(nearest[r], best);
    }
    fv_memory_free(values);
}
