/* Philox against the published answers, and what is drawn from it. */
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/random.h"

/* Known answers: Random123 1.14 (D. E. Shaw Research), tests/kat_vectors, "philox4x32 10". */
FV_TEST(base_random__philox_gives_the_published_answers) {
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        fv_philox(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

/* The layout is a promise: checkpoints resume in it. Counter (index, stream, a, b), key the seed's halves, low first. */
FV_TEST(base_random__a_stream_is_the_blocks_of_its_place) {
    fv_random random = fv_random_at(UINT64_C(0x1122334455667788), 5, 6, 7);
    for (uint32_t index = 0; index < 3; index++) {
        uint32_t counter[4] = { index, 5, 6, 7 }, key[2] = { 0x55667788, 0x11223344 }, block[4];
        fv_philox(counter, key, block);
        for (int i = 0; i < 4; i++) assert_int_equal(fv_random_u32(&random), block[i]);
    }
}

FV_TEST(base_random__every_coordinate_gives_another_stream) {
    const fv_random streams[] = { fv_random_at(1, 2, 3, 4), fv_random_at(9, 2, 3, 4),
                                  fv_random_at(1, 9, 3, 4), fv_random_at(1, 2, 9, 4),
                                  fv_random_at(1, 2, 3, 9), fv_random_at(1 | UINT64_C(1) << 40, 2, 3, 4) };
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++) {
            fv_random a = streams[i], b = streams[j];
            assert_int_not_equal(fv_random_u32(&a), fv_random_u32(&b));
        }
}

FV_TEST(base_random__unit_numbers_are_uniform_and_below_one) {
    fv_random random = fv_random_at(3, 0, 0, 0);
    enum { N = 200000, BINS = 50 };
    int bins[BINS] = { 0 };
    double sum = 0;
    for (int i = 0; i < N; i++) {
        double u = fv_random_unit(&random);
        assert_true(u >= 0 && u < 1);
        bins[(int)(u * BINS)]++;
        sum += u;
    }
    double chi = 0, expected = (double)N / BINS;
    for (int i = 0; i < BINS; i++) chi += (bins[i] - expected) * (bins[i] - expected) / expected;
    assert_true(chi < 96); /* 49 degrees of freedom: beyond it one in 10 000 */
    assert_true(fabs(sum / N - 0.5) < 0.003);
}

FV_TEST(base_random__below_is_uniform_for_any_n) {
    static const int64_t sizes[] = { 1, 2, 3, 7, 10, 100 };
    for (int s = 0; s < 6; s++) {
        fv_random random = fv_random_at(4, (uint32_t)s, 0, 0);
        int64_t n = sizes[s], draws = 2000 * n;
        int counts[100] = { 0 };
        for (int64_t i = 0; i < draws; i++) {
            int64_t drawn = fv_random_below(&random, n);
            assert_true(drawn >= 0 && drawn < n);
            counts[drawn]++;
        }
        for (int64_t i = 0; i < n; i++) assert_true(abs(counts[i] - 2000) < 225); /* 5 standard deviations */
    }
}

FV_TEST(base_random__below_reaches_beyond_32_bits) {
    fv_random random = fv_random_at(5, 0, 0, 0);
    int64_t n = INT64_MAX, upper = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t drawn = fv_random_below(&random, n);
        assert_true(drawn >= 0 && drawn < n);
        upper += drawn > n / 2;
    }
    assert_in_range(upper, 420, 580);
}

FV_TEST(base_random__normal_numbers_have_mean_0_variance_1_and_no_skew) {
    fv_random random = fv_random_at(6, 0, 0, 0);
    enum { N = 200000 };
    double sums[5] = { 0 };
    for (int i = 0; i < N; i++) {
        double x = fv_random_normal(&random);
        assert_true(isfinite(x));
        for (int power = 1; power <= 4; power++) sums[power] += pow(x, power);
    }
    assert_true(fabs(sums[1] / N) < 0.01);
    assert_true(fabs(sums[2] / N - 1) < 0.015);
    assert_true(fabs(sums[3] / N) < 0.04);
    assert_true(fabs(sums[4] / N - 3) < 0.12);
}

/* Mean a/(a + b), variance ab/((a + b)²(a + b + 1)). */
FV_TEST(base_random__beta_numbers_have_their_mean_and_variance) {
    static const double shapes[][2] = { { 0.2, 0.2 }, { 1, 1 }, { 0.4, 2 }, { 5, 3 }, { 0.01, 0.01 } };
    enum { N = 50000 };
    for (int s = 0; s < 5; s++) {
        fv_random random = fv_random_at(10, (uint32_t)s, 0, 0);
        double a = shapes[s][0], b = shapes[s][1], sum = 0, squares = 0, mean = a / (a + b);
        for (int i = 0; i < N; i++) {
            double x = fv_random_beta(&random, a, b);
            assert_true(x >= 0 && x <= 1);
            sum += x;
            squares += (x - mean) * (x - mean);
        }
        assert_true(fabs(sum / N - mean) < 0.01);
        assert_true(fabs(squares / N - a * b / ((a + b) * (a + b) * (a + b + 1))) < 0.005);
    }
}

FV_TEST(base_random__a_normal_number_takes_four_u32) {
    fv_random a = fv_random_at(7, 0, 0, 0), b = a;
    fv_random_normal(&a);
    for (int i = 0; i < 4; i++) fv_random_u32(&b);
    assert_int_equal(fv_random_u32(&a), fv_random_u32(&b));
}

FV_TEST(base_random__a_shuffle_keeps_every_element_and_all_orders_are_as_likely) {
    int counts[27] = { 0 };
    for (uint32_t trial = 0; trial < 12000; trial++) {
        fv_random random = fv_random_at(8, 0, trial, 0);
        int64_t order[3] = { 0, 1, 2 };
        fv_random_shuffle(&random, order, 3);
        assert_int_equal(1 << order[0] | 1 << order[1] | 1 << order[2], 7);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    int orders = 0;
    for (int i = 0; i < 27; i++) {
        orders += counts[i] > 0;
        if (counts[i]) assert_in_range(counts[i], 1800, 2200);
    }
    assert_int_equal(orders, 6);
    fv_random random = fv_random_at(8, 0, 0, 0);
    fv_random_shuffle(&random, NULL, 0);
}

FV_TEST(base_random__between_stays_between) {
    fv_random random = fv_random_at(9, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        double x = fv_random_between(&random, -3, 5);
        assert_true(x >= -3 && x < 5);
    }
}

/* FNV-1a, 32 bits: the published values of the empty string, "a" and "foobar" (draft-eastlake-fnv, appendix C). */
FV_TEST(base_random__stream_numbers_are_fnv_1a) {
    assert_int_equal(fv_random_stream(""), 0x811c9dc5);
    assert_int_equal(fv_random_stream("a"), 0xe40c292c);
    assert_int_equal(fv_random_stream("foobar"), 0xbf9cf968);
}
