/* Counts by size, added by any thread. */
#include "serve/histogram.h"

#include <pthread.h>

#include "tests/test.h"

FV_TEST(serve_histogram__a_value_belongs_to_the_first_bound_that_it_does_not_exceed) {
    fv_histogram h = { 0 };
    fv_histogram_add(&h, &fv_scale_rows, 1);
    fv_histogram_add(&h, &fv_scale_rows, 5);
    fv_histogram_add(&h, &fv_scale_rows, 1000);
    fv_histogram_reading r = fv_histogram_read(&h, &fv_scale_rows);
    assert_int_equal(r.counts[0], 1);
    assert_int_equal(r.counts[4], 1); /* up to 6 */
    assert_int_equal(r.counts[FV_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(r.count, 3);
    assert_true(r.sum == 1006);
}

static void *add_on(void *context) {
    for (int i = 0; i < 10000; i++) fv_histogram_add(context, &fv_scale_seconds, 0.002);
    return NULL;
}

FV_TEST(serve_histogram__threads_lose_no_count) {
    fv_histogram h = { 0 };
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_on, &h), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    fv_histogram_reading r = fv_histogram_read(&h, &fv_scale_seconds);
    assert_int_equal(r.count, 40000);
    assert_true(r.sum > 79.99 && r.sum < 80.01);
}
