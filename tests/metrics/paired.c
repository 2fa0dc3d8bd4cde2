/* Two models on the same samples: McNemar's test against scipy's binomial and statsmodels, intervals of shares against a search
 * for the likeliest shares, permutations against every swap tried in Python. */
#include <math.h>
#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/random.h"
#include "tests/metrics/golden.h"

/* ---- McNemar ---- */

static void check_mcnemar(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    long long first, second;
    assert_int_equal(sscanf(line, "mcnemar %lld %lld", &first, &second), 2);
    assert_int_equal(count, 4);
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
    golden_near(data, line, m.chi_squared, numbers[2], 1e-12);
    golden_near(data, line, m.corrected, numbers[3], 1e-12);
    assert_true(m.p == (first + second < 25 ? m.exact : m.corrected));
    fv_memory_free(right);
}

FV_TEST(metrics_paired__mcnemars_is_scipys_and_statsmodels) { golden_lines("mcnemar", check_mcnemar); }

FV_TEST(metrics_paired__models_that_never_differ_are_alike) {
    const uint8_t right[] = { 1, 0, 1 };
    fv_mcnemar m = fv_mcnemar_test(right, right, 3);
    assert_true(m.exact == 1 && m.mid_p == 1 && m.p == 1 && m.only_first == 0 && m.only_second == 0);
}

FV_TEST(metrics_paired__the_p_to_print_is_exact_below_25_samples) {
    assert_false(fv_mcnemar_of(4, 20).by_chi_squared);
    assert_true(fv_mcnemar_of(4, 20).p == fv_mcnemar_of(4, 20).exact);
    assert_true(fv_mcnemar_of(5, 20).by_chi_squared);
    assert_true(fv_mcnemar_of(5, 20).p == fv_mcnemar_of(5, 20).corrected);
}

/* ---- intervals ---- */

static void check_shares(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    long long first, second, of;
    double confidence;
    assert_int_equal(sscanf(line, "shares %lld %lld %lld %lf", &first, &second, &of, &confidence), 4);
    assert_int_equal(count, 2);
    fv_interval interval = fv_paired_shares_interval(first, second, of, confidence);
    golden_near(data, line, interval.low, numbers[0], 1e-7); /* as near as the search comes */
    golden_near(data, line, interval.high, numbers[1], 1e-7);
}

FV_TEST(metrics_paired__the_interval_of_shares_is_that_of_the_likeliest_shares) {
    golden_lines("shares", check_shares);
    assert_true(isnan(fv_paired_shares_interval(0, 0, 0, 0.95).low));
}

FV_TEST(metrics_paired__models_that_never_differ_have_wilsons_bounds) {
    fv_interval never = fv_paired_shares_interval(0, 0, 100, 0.95), none = fv_wilson_interval(0, 100, 0.95);
    assert_true(fabs(never.high - none.high) < 1e-12 && fabs(never.low + none.high) < 1e-12);
    fv_interval always = fv_paired_shares_interval(0, 7, 7, 0.95);
    assert_true(fabs(always.high - 1) < 1e-12 && always.low > 0 && always.low < 1);
}

/* Two models of two classes: 100 samples, of which the first has 70 right and the second 80, 20 of them by luck of its own. */
enum { SAMPLES = 100 };
typedef struct models {
    double rows[2][2 * SAMPLES];
    int64_t labels[SAMPLES];
    fv_outcomes of[2];
} models;

static void make_models(models *m) {
    for (int64_t i = 0; i < SAMPLES; i++) {
        m->labels[i] = i % 2;
        bool right[2] = { i < 70, i < 60 || i >= 80 };
        for (int k = 0; k < 2; k++) {
            m->rows[k][2 * i + m->labels[i]] = right[k] ? 0.75 : 0.25;
            m->rows[k][2 * i + 1 - m->labels[i]] = right[k] ? 0.25 : 0.75;
        }
    }
    for (int k = 0; k < 2; k++)
        m->of[k] = (fv_outcomes){ .count = SAMPLES, .classes = 2, .probabilities = m->rows[k], .labels = m->labels };
}

FV_TEST(metrics_paired__a_gain_is_that_of_the_second_whichever_way_the_metric_points) {
    models m;
    fv_paired_interval top1, loss, back;
    make_models(&m);
    FV_OK(fv_paired_interval_of("top1", &m.of[0], &m.of[1], NULL, &top1));
    FV_OK(fv_paired_interval_of("log_loss", &m.of[0], &m.of[1], NULL, &loss));
    FV_OK(fv_paired_interval_of("log_loss", &m.of[1], &m.of[0], NULL, &back));
    assert_true(top1.by_score && !loss.by_score);
    assert_true(fabs(top1.of.gain - 0.1) < 1e-12 && top1.of.first == 0.7);
    assert_true(loss.of.second < loss.of.first && loss.of.gain > 0 && fabs(loss.of.gain + back.of.gain) < 1e-15);
    assert_true(fabs(loss.interval.low + back.interval.high) < 1e-12);
}

/* Drawn together, ten that only one has and twenty that only the other has: the variance of the gain is known. */
FV_TEST(metrics_paired__a_bootstrap_draws_both_models_alike) {
    models m;
    fv_paired_interval gain;
    make_models(&m);
    FV_OK(fv_paired_interval_of("f1 average=micro", &m.of[0], &m.of[1], &(fv_bootstrap_options){ .resamples = 20000 }, &gain));
    double sigma = sqrt((0.3 - 0.1 * 0.1) / SAMPLES);
    assert_false(gain.by_score);
    assert_true(fabs(gain.interval.low - (0.1 - 1.96 * sigma)) < 0.01);
    assert_true(fabs(gain.interval.high - (0.1 + 1.96 * sigma)) < 0.01);
}

FV_TEST(metrics_paired__not_worse_is_said_by_the_lower_end_of_the_interval) {
    models m;
    fv_paired_interval better, worse, same;
    make_models(&m);
    FV_OK(fv_paired_interval_of("top1", &m.of[0], &m.of[1], NULL, &better));
    FV_OK(fv_paired_interval_of("top1", &m.of[1], &m.of[0], NULL, &worse));
    FV_OK(fv_paired_interval_of("balanced_accuracy", &m.of[0], &m.of[0], NULL, &same));
    assert_true(fv_not_worse(&better, 0.02) && !fv_not_worse(&better, 0));
    assert_true(!fv_not_worse(&worse, 0.02) && fv_not_worse(&worse, 0.25));
    assert_true(isnan(same.interval.low) && same.of.gain == 0 && !fv_not_worse(&same, 0.5));
}

FV_TEST(metrics_paired__other_samples_are_refused) {
    models m, other;
    fv_paired_interval interval;
    fv_permutation test;
    make_models(&m);
    make_models(&other);
    other.labels[7] = 1 - other.labels[7];
    for (int k = 0; k < 2; k++) other.of[k].labels = other.labels;
    FV_FAILS(fv_paired_interval_of("top1", &m.of[0], &other.of[0], NULL, &interval), FV_CONFLICT, "sample 7");
    other.of[0].count = 99;
    FV_FAILS(fv_permutation_test("top1", &m.of[0], &other.of[0], 0, 0, &test), FV_CONFLICT, "99");
    FV_FAILS(fv_permutation_test("mae", &m.of[0], &m.of[1], 0, 0, &test), FV_USAGE, "mae");
}

/* ---- permutations ---- */

/* The golden second model: of samples 1, 4, 7 … the row turned by one, or the number moved by a half. */
static void second_model(const fv_outcomes *o, double *said) {
    const double *from = o->kind == FV_NUMBERS ? o->predicted : o->probabilities;
    int64_t width = o->kind == FV_NUMBERS ? 1 : o->classes;
    for (int64_t i = 0; i < o->count * width; i++) {
        int64_t row = i / width, column = i % width;
        bool changed = row % 3 == 1;
        if (o->kind == FV_NUMBERS)
            said[i] = from[i] + (changed ? 0.5 : 0);
        else
            said[i] = from[row * width + (changed ? (column + width - 1) % width : column)];
    }
}

static void check_permutation(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    static double said[1024];
    fv_outcomes second = data->outcomes;
    fv_permutation test;
    assert_int_equal(count, 3);
    second_model(&data->outcomes, said);
    *(data->outcomes.kind == FV_NUMBERS ? &second.predicted : &second.probabilities) = said;
    FV_OK(fv_permutation_test(line + strlen("paired "), &data->outcomes, &second, 0, 0, &test));
    assert_true(test.exact);
    golden_near(data, line, test.of.first, numbers[0], 1e-12);
    golden_near(data, line, test.of.second, numbers[1], 1e-12);
    golden_near(data, line, test.p, numbers[2], 1e-12);
}

FV_TEST(metrics_paired__permutations_are_those_of_every_swap) { golden_lines("paired", check_permutation); }

FV_TEST(metrics_paired__a_permutation_of_top1_is_mcnemars_exact_test) {
    models m;
    fv_permutation exact, drawn, again;
    make_models(&m);
    for (int64_t i = 75; i < SAMPLES; i++) /* twelve samples that tell them apart */
        memcpy(&m.rows[1][2 * i], &m.rows[0][2 * i], 2 * sizeof(double));
    for (int64_t i = 60; i < 65; i++) memcpy(&m.rows[1][2 * i], &m.rows[0][2 * i], 2 * sizeof(double));
    m.rows[1][2] = m.rows[1][3] - 0.5;
    FV_OK(fv_permutation_test("top1", &m.of[0], &m.of[1], 0, 0, &exact));
    assert_true(exact.exact && exact.differing < 14);
    uint8_t right[2][SAMPLES];
    for (int64_t i = 0; i < SAMPLES; i++)
        for (int k = 0; k < 2; k++) right[k][i] = m.rows[k][2 * i + m.labels[i]] > 0.5;
    fv_mcnemar mcnemar = fv_mcnemar_test(right[0], right[1], SAMPLES);
    assert_true(fabs(exact.p - mcnemar.exact) < 1e-12);
    make_models(&m);
    FV_OK(fv_permutation_test("top1", &m.of[0], &m.of[1], 20000, 3, &drawn));
    FV_OK(fv_permutation_test("top1", &m.of[0], &m.of[1], 20000, 3, &again));
    assert_true(!drawn.exact && drawn.permutations == 20000 && drawn.differing == 30 && drawn.p == again.p);
    assert_true(fabs(drawn.p - fv_mcnemar_of(10, 20).exact) < 0.01);
}

FV_TEST(metrics_paired__models_that_never_differ_have_a_p_of_one) {
    models m;
    fv_permutation test;
    make_models(&m);
    FV_OK(fv_permutation_test("f1", &m.of[0], &m.of[0], 0, 0, &test));
    assert_true(test.exact && test.differing == 0 && test.permutations == 1 && test.p == 1);
    FV_FAILS(fv_permutation_test("f1", &m.of[0], &m.of[0], -1, 0, &test), FV_USAGE, "10,000,000");
}
