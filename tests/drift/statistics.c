/* Statistics of drift equal scipy's, scikit-learn's and their definitions (tests/golden/drift.py). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "drift/statistic.h"
#include "tests/test.h"

#define NUMBERS_MAX 512

/* ---- the golden file ---- */

typedef struct numbers {
    int64_t count;
    double at[NUMBERS_MAX];
} numbers;

/* Two samples, with room for each kind. */
typedef struct pair {
    fv_drift_sample reference, current;
    numbers values[2];
    float vectors[2][NUMBERS_MAX];
} pair;

static char *parse(char *text, numbers *out) {
    char *end = text;
    for (out->count = 0;; out->count++) {
        double value = strtod(text, &end);
        if (end == text) break;
        assert_true(out->count < NUMBERS_MAX);
        out->at[out->count] = value;
        text = end;
    }
    return end + strspn(end, " ;");
}

static void read_pair(const char *kind, int64_t columns, char *text, pair *p) {
    fv_drift_sample *samples[2] = { &p->reference, &p->current };
    for (int k = 0; k < 2; k++) {
        numbers *n = &p->values[k];
        text = parse(text, n);
        *samples[k] = (fv_drift_sample){ 0 };
        if (!strcmp(kind, "numbers")) samples[k]->points = n->count, samples[k]->values = n->at;
        if (!strcmp(kind, "counts")) samples[k]->bins = n->count, samples[k]->counts = n->at;
        if (strcmp(kind, "vectors") != 0) continue;
        for (int64_t i = 0; i < n->count; i++) p->vectors[k][i] = (float)n->at[i];
        samples[k]->vectors = p->vectors[k], samples[k]->columns = columns, samples[k]->rows = n->count / columns;
    }
}

static bool near(double value, double wanted, double tolerance) {
    if (isnan(wanted)) return isnan(value);
    return fabs(value - wanted) <= tolerance * fmax(fabs(wanted), 1e-9) + 1e-12;
}

static void check_bins(const pair *p, const pair *wanted) {
    double counts[2][64];
    int64_t bins;
    fv_drift_bin(&p->reference, &p->current, &bins, counts[0], counts[1]);
    assert_int_equal(bins, wanted->values[0].count);
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < bins; i++) assert_true(counts[k][i] == wanted->values[k].at[i]);
}

static void check_adjusted(const char *name, const pair *p) {
    static const char *const names[] = { "none", "bonferroni", "holm", "benjamini_hochberg" };
    double adjusted[NUMBERS_MAX];
    int method = 0;
    while (strcmp(names[method], name) != 0) method++;
    FV_OK(fv_drift_adjust((fv_adjustment)method, p->values[0].at, p->values[0].count, adjusted));
    for (int64_t i = 0; i < p->values[0].count; i++) assert_true(near(adjusted[i], p->values[1].at[i], 1e-12));
}

/* The p of mmd is by our own random numbers, and its value by single precision. */
static void check_value(const char *statistic, const pair *p, const numbers *wanted) {
    fv_drift_value got;
    bool mmd = !strncmp(statistic, "mmd", 3), classifier = !strncmp(statistic, "domain", 6);
    FV_OK(fv_drift_measure(statistic, &p->reference, &p->current, &got));
    bool good = near(got.value, wanted->at[0], mmd ? 1e-4 : 1e-9) || (mmd && fabs(got.value - wanted->at[0]) < 1e-6);
    if (!mmd) good = good && near(got.p, wanted->at[1], classifier ? 1e-9 : 1e-8);
    if (!good)
        print_error("%s: %.17g, p %.17g, not %.17g, p %.17g\n", statistic, got.value, got.p, wanted->at[0], wanted->at[1]);
    assert_true(good);
}

static void check_line(char *line, pair *p, int *checked) {
    char word[64], name[64];
    long long columns = 0;
    static pair other;
    char *rest = strstr(line, " ; ");
    if (!rest || *line == '#') return;
    *rest = 0, rest += 3;
    int words = sscanf(line, "%63s %63s %lld", word, name, &columns);
    if (!strcmp(word, "bins") || !strcmp(word, "adjust")) {
        read_pair("counts", 0, rest, &other);
        if (words == 1)
            check_bins(p, &other);
        else
            check_adjusted(name, &other);
    } else if (!strcmp(word, "numbers") || !strcmp(word, "counts") || !strcmp(word, "vectors")) {
        read_pair(word, columns, rest, p);
        return;
    } else {
        parse(rest, &other.values[0]);
        check_value(line, p, &other.values[0]);
    }
    ++*checked;
}

FV_TEST(drift_statistics__equal_their_references) {
    static pair p;
    uint8_t *bytes;
    char *rest = NULL;
    int64_t length;
    int checked = 0;
    FV_OK(fv_file_read(FOVEA_SOURCE "/tests/golden/drift.txt", 1 << 24, &bytes, &length));
    for (char *line = strtok_r((char *)bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        check_line(line, &p, &checked);
    assert_int_equal(checked, 76);
    fv_memory_free(bytes);
}

/* ---- what has no outside judge ---- */

static void draw(float *rows, int64_t count, uint32_t stream, double shift) {
    fv_random random = fv_random_at(7, stream, 0, 0);
    for (int64_t i = 0; i < count; i++) rows[i] = (float)(fv_random_normal(&random) + shift);
}

/* More rows than a tile, on a border that cuts one: the same statistic as by the sums as they are written, any team. */
FV_TEST(drift_statistics__mmd_in_tiles_is_that_of_the_definition) {
    enum { N = 700, M = 500, D = 8 };
    static float x[N * D], y[M * D];
    double sums[3] = { 0 };
    fv_drift_value got, again;
    draw(x, N * D, 1, 0);
    draw(y, M * D, 2, 0.2);
    fv_drift_sample a = { .rows = N, .columns = D, .vectors = x }, b = { .rows = M, .columns = D, .vectors = y };
    for (int i = 0; i < N + M; i++)
        for (int j = 0; j < N + M; j++) {
            const float *u = i < N ? x + i * D : y + (i - N) * D, *v = j < N ? x + j * D : y + (j - N) * D;
            double d = 0;
            for (int k = 0; k < D; k++) d += (double)(u[k] - v[k]) * (double)(u[k] - v[k]);
            if (i != j) sums[(i >= N) + (j >= N)] += exp(-d / 18);
        }
    double wanted = sums[0] / (N * (N - 1.0)) + sums[2] / (M * (M - 1.0)) - sums[1] / ((double)N * M);
    FV_OK(fv_drift_measure("mmd sigma=3", &a, &b, &got));
    assert_true(fabs(got.value - wanted) < 1e-7);
    assert_true(got.p <= 0.02);
    FV_OK(fv_drift_measure("mmd sigma=3", &a, &b, &again));
    assert_true(got.value == again.value && got.p == again.p);
}

/* Under the hypothesis p is uniform: of 200 pairs of samples about 10 are below 0.05. */
FV_TEST(drift_statistics__p_of_equal_distributions_is_rarely_small) {
    enum { N = 60, D = 4, TRIALS = 200 };
    static const char *const tests[] = { "mmd permutations=39", "domain_classifier", "kolmogorov_smirnov" };
    static float x[N * D], y[N * D];
    static double sorted[2][N];
    for (int t = 0; t < 3; t++) {
        int alarms = 0;
        for (uint32_t trial = 0; trial < TRIALS; trial++) {
            fv_drift_value got;
            draw(x, N * D, 2 * trial + 10, 0);
            draw(y, N * D, 2 * trial + 11, 0);
            fv_drift_sample a = { .rows = N, .columns = D, .vectors = x, .points = N, .values = sorted[0] };
            fv_drift_sample b = { .rows = N, .columns = D, .vectors = y, .points = N, .values = sorted[1] };
            for (int i = 0; i < N; i++) {
                int places[2] = { 0, 0 };
                for (int j = 0; j < N; j++) {
                    places[0] += x[j] < x[i] || (x[j] == x[i] && j < i);
                    places[1] += y[j] < y[i] || (y[j] == y[i] && j < i);
                }
                sorted[0][places[0]] = (double)x[i], sorted[1][places[1]] = (double)y[i];
            }
            FV_OK(fv_drift_measure(tests[t], &a, &b, &got));
            alarms += got.p <= 0.05;
        }
        assert_true(alarms >= 2 && alarms <= 20);
    }
}

FV_TEST(drift_statistics__what_they_are_not_defined_for_is_refused) {
    const double counts[2] = { 1, 2 }, negative[2] = { 1, -2 }, falling[2] = { 2, 1 }, nothing[2] = { 0, 0 };
    fv_drift_sample a = { .bins = 2, .counts = counts }, b = { .bins = 2, .counts = negative };
    fv_drift_sample c = { .points = 2, .values = falling }, d = { .bins = 2, .counts = nothing };
    fv_drift_value got;
    FV_FAILS(fv_drift_measure("psi", &a, &b, &got), FV_USAGE, "not negative");
    FV_FAILS(fv_drift_measure("psi", &a, &d, &got), FV_USAGE, "something in them");
    FV_FAILS(fv_drift_measure("psi", &a, &c, &got), FV_USAGE, "not defined for such samples");
    FV_FAILS(fv_drift_measure("energy", &c, &c, &got), FV_USAGE, "ascending");
    FV_FAILS(fv_drift_measure("psy", &a, &a, &got), FV_USAGE, "no statistic called");
}

/* The case of two windows of a dozen, where twelve p-values are one test each. */
FV_TEST(drift_statistics__an_untested_value_is_not_counted) {
    const double p[3] = { 0.01, NAN, 0.04 };
    double adjusted[3];
    FV_OK(fv_drift_adjust(FV_BONFERRONI, p, 3, adjusted));
    assert_true(adjusted[0] == 0.02 && isnan(adjusted[1]) && adjusted[2] == 0.08);
    const double bad[1] = { 1.5 };
    FV_FAILS(fv_drift_adjust(FV_HOLM, bad, 1, adjusted), FV_USAGE, "no p-value");
}
