/* Outlier scores equal scikit-learn's and scipy's (tests/golden/outlier.py). */
#include "predict/outlier.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "tests/test.h"

#define NUMBERS_MAX 2000

static int64_t parse(char *text, float *out) {
    int64_t count = 0;
    for (char *end;; text = end) {
        float value = strtof(text, &end);
        if (end == text) return count;
        assert_true(count < NUMBERS_MAX);
        out[count++] = value;
    }
}

static void near(double value, double wanted) {
    if (!(fabs(value - wanted) <= 2e-4 * wanted)) fail_msg("%.9g, not %.9g", value, wanted);
}

/* Of lines of the golden file, one after another. */
typedef struct fitted {
    fv_arena *arena;
    const fv_outlier *outlier;
    int64_t columns, scores;
} fitted;

static void take_line(fitted *f, char *line) {
    static float numbers[NUMBERS_MAX];
    char name[32];
    fv_outlier_section section;
    const char *reason;
    double wanted;
    if (sscanf(line, "features %31s %lld ;", name, (long long *)&f->columns) == 2) {
        int64_t count = parse(strchr(line, ';') + 1, numbers) / f->columns;
        FV_OK(fv_outlier_fit(numbers, count, f->columns, f->arena, &section, &reason));
        assert_null(reason);
        assert_int_equal(section.n, count);
        FV_OK(fv_outlier_open(&section, f->arena, &f->outlier));
    } else if (sscanf(line, "threshold %lf", &wanted) == 1) {
        near(fv_outlier_threshold(f->outlier), wanted);
    } else if (sscanf(line, "score %lf ;", &wanted) == 1) {
        assert_int_equal(parse(strchr(line, ';') + 1, numbers), f->columns);
        near(fv_outlier_score(f->outlier, numbers), wanted);
        f->scores++;
    }
}

FV_TEST(predict_outlier__scores_and_thresholds_are_those_of_scikit_learn) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    fitted f = { 0 };
    FV_OK(fv_arena_new("outliers", 1 << 24, &arena));
    f.arena = arena;
    FV_OK(fv_file_read(FOVEA_SOURCE "/tests/golden/outlier.txt", 1 << 20, (uint8_t **)&bytes, &length));
    for (char *at = bytes, *end; *at; at = end + 1) {
        end = strchr(at, '\n');
        *end = 0;
        take_line(&f, at);
    }
    assert_int_equal(f.scores, 10);
}

/* 40 rows near one direction of 300 numbers. */
static void draw(float *rows) {
    fv_random random = fv_random_at(3, 1, 0, 0);
    for (int64_t i = 0; i < 40 * 300; i++) rows[i] = (i % 300 < 20 ? 1 : 0) + 0.05f * (float)fv_random_normal(&random);
}

FV_TEST(predict_outlier__more_features_are_projected_and_strangers_still_stand_out) {
    FV_OWNED(fv_arena) arena = NULL;
    static float rows[40 * 300], stranger[300], longer[300];
    fv_outlier_section section;
    const fv_outlier *outlier;
    const char *reason;
    FV_OK(fv_arena_new("outliers", 1 << 24, &arena));
    draw(rows);
    FV_OK(fv_outlier_fit(rows, 40, 300, arena, &section, &reason));
    assert_null(reason);
    assert_int_equal(section.mean.count, FV_OUTLIER_COLUMNS_MAX);
    FV_OK(fv_outlier_open(&section, arena, &outlier));
    for (int64_t i = 0; i < 300; i++) stranger[i] = i % 300 >= 280, longer[i] = 7 * rows[i];
    assert_true(fv_outlier_score(outlier, stranger) > 3 * fv_outlier_threshold(outlier));
    assert_true(fv_outlier_score(outlier, rows) < fv_outlier_threshold(outlier));
    near(fv_outlier_score(outlier, longer), fv_outlier_score(outlier, rows)); /* the direction alone counts */
    longer[5] = INFINITY;
    memset(stranger, 0, sizeof stranger);
    assert_true(fv_outlier_score(outlier, longer) == fv_outlier_score(outlier, stranger));
}

FV_TEST(predict_outlier__what_cannot_be_fitted_says_why) {
    FV_OWNED(fv_arena) arena = NULL;
    static float rows[40 * 300];
    fv_outlier_section section;
    const char *reason;
    FV_OK(fv_arena_new("outliers", 1 << 24, &arena));
    FV_OK(fv_outlier_fit(rows, FV_OUTLIER_LEAST - 1, 3, arena, &section, &reason));
    assert_string_equal(reason, "too few pictures");
    FV_OK(fv_outlier_fit(rows, 40, 3, arena, &section, &reason));
    assert_string_equal(reason, "their features are all alike");
}

FV_TEST(predict_outlier__a_section_that_contradicts_itself_is_refused) {
    FV_OWNED(fv_arena) arena = NULL;
    const double mean[2] = { 0, 0 }, good[3] = { 1, 0, 1 }, bad[3] = { 1, 2, 1 }, never[2] = { 0, NAN };
    const fv_outlier *outlier;
    fv_outlier_section section = { .features = 2, .n = 30, .threshold = 1, .mean = { 2, mean }, .covariance = { 3, good } };
    FV_OK(fv_arena_new("outliers", 1 << 20, &arena));
    FV_OK(fv_outlier_open(&section, arena, &outlier));
    near(fv_outlier_score(outlier, (const float[]){ 3, 4 }), 1);
    section.covariance.at = bad;
    FV_FAILS(fv_outlier_open(&section, arena, &outlier), FV_FORMAT, "not positive definite");
    section.covariance.at = good, section.mean.at = never;
    FV_FAILS(fv_outlier_open(&section, arena, &outlier), FV_FORMAT, "not finite");
    section.features = 3;
    FV_FAILS(fv_outlier_open(&section, arena, &outlier), FV_FORMAT, "2 means and 3 covariances for 3 features");
}
