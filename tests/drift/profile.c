/* Reference profiles: small, read back as they were, and adding up. */
#include "drift/profile.h"

#include <math.h>

#include "core/base/random.h"
#include "tests/test.h"

static const char *const series[] = { "brightness", FV_DRIFT_CONFIDENCE };
#define COLUMNS 8

/* `count` observations number first…, the same whatever window they are in. */
static fv_drift_window *window_of(int first, int count) {
    fv_drift_window *w;
    FV_OK(fv_drift_window_new(series, 2, &w));
    for (int i = first; i < first + count; i++) {
        fv_random random = fv_random_at(3, 1, (uint32_t)i, 0);
        float sketch[COLUMNS];
        double values[2] = { fv_random_normal(&random) * 2 + 10, i % 10 == 3 ? NAN : fv_random_unit(&random) };
        for (int c = 0; c < COLUMNS; c++) sketch[c] = (float)(fv_random_normal(&random) + c);
        fv_drift_observation o = { .values = values,
                                   .label = i % 3 == 0 ? "cat" : "ant",
                                   .right = i % 2 ? i % 4 == 1 : -1,
                                   .columns = COLUMNS,
                                   .sketch = sketch };
        FV_OK(fv_drift_window_add(w, &o));
    }
    return w;
}

static fv_drift_profile profile_of(int first, int count, fv_arena *arena) {
    FV_OWNED(fv_drift_window) w = window_of(first, count);
    fv_drift_profile p;
    FV_OK(fv_drift_profile_make(w, arena, &p));
    return p;
}

static void near(double got, double want, double tolerance) {
    assert_true(fabs(got - want) <= tolerance * fmax(1, fabs(want)));
}

FV_TEST(drift_profile__says_what_the_window_held) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    fv_drift_profile p = profile_of(0, 3000, arena);
    assert_int_equal(p.n, 3000);
    assert_true(p.seen.at[0] == 3000 && p.seen.at[1] == 2700);
    near(p.means.at[0], 10, 0.02);
    near(p.deviations.at[0], 2, 0.05);
    near(p.quantiles.at[FV_DRIFT_POINTS / 2], 10, 0.02);
    near(p.quantiles.at[(int)(0.975 * FV_DRIFT_POINTS)], 10 + 2 * 1.96, 0.05);
    assert_int_equal(p.classes.count, 2);
    assert_string_equal(p.classes.at[0], "ant");
    assert_true(p.class_counts.at[0] == 2000 && p.class_counts.at[1] == 1000);
    assert_true(p.class_labelled.at[0] == 1000 && p.class_right.at[0] == 500);
    assert_int_equal(p.sketched, 3000);
    assert_int_equal(p.hashes.count, FV_DRIFT_SKETCHES);
    for (int c = 0; c < COLUMNS; c++) near(p.sketch_means.at[c], c, 0.1);
    near(p.sketch_covariance.at[0], 1, 0.1);
    near(p.sketch_covariance.at[1], 0, 0.1);
}

FV_TEST(drift_profile__is_tens_of_kilobytes_and_reads_back) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TEXT(text, 1 << 24);
    FV_TEXT(again, 1 << 24);
    fv_drift_profile read;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    fv_drift_profile p = profile_of(0, 3000, arena);
    fv_drift_profile_print(&p, &text);
    FV_OK(fv_text_error(&text));
    assert_true(text.length < 40000);
    FV_OK(fv_drift_profile_parse(text.at, "profile.json", arena, &read));
    fv_drift_profile_print(&read, &again);
    FV_OK(fv_text_error(&again));
    assert_string_equal(text.at, again.at);
    FV_FAILS(fv_drift_profile_parse("{\"n\":3,\"series\":[\"a\"]}", "p.json", arena, &read), FV_FORMAT, "do not fit");
}

FV_TEST(drift_profile__parts_add_up_to_the_whole) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_drift_profile sum;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    fv_drift_profile a = profile_of(0, 900, arena), b = profile_of(900, 2100, arena), whole = profile_of(0, 3000, arena);
    FV_OK(fv_drift_profile_merge(&a, &b, arena, &sum));
    assert_int_equal(sum.n, 3000);
    for (int s = 0; s < 2; s++) {
        near(sum.means.at[s], whole.means.at[s], 1e-4);
        near(sum.deviations.at[s], whole.deviations.at[s], 1e-4);
        for (int k = 4; k < FV_DRIFT_POINTS - 4; k++)
            near(sum.quantiles.at[s * FV_DRIFT_POINTS + k], whole.quantiles.at[s * FV_DRIFT_POINTS + k], 0.02);
    }
    for (int c = 0; c < 2; c++) {
        assert_true(sum.class_counts.at[c] == whole.class_counts.at[c] && sum.class_right.at[c] == whole.class_right.at[c]);
        near(sum.class_confidences.at[c], whole.class_confidences.at[c], 1e-4);
    }
    for (int k = 0; k < FV_DRIFT_SKETCHES; k++) assert_true(sum.hashes.at[k] == whole.hashes.at[k]);
    assert_true(sum.sketches.at[77] == whole.sketches.at[77]);
    for (int k = 0; k < COLUMNS * (COLUMNS + 1) / 2; k++)
        near(sum.sketch_covariance.at[k], whole.sketch_covariance.at[k], 1e-3);
    fv_drift_profile other = whole;
    const char *const others[] = { "contrast", FV_DRIFT_CONFIDENCE };
    other.series = (fv_strings){ 2, others };
    FV_FAILS(fv_drift_profile_merge(&a, &other, arena, &sum), FV_USAGE, "different series");
}

FV_TEST(drift_profile__a_picture_far_off_is_far_off) {
    FV_OWNED(fv_arena) arena = NULL;
    double *factor = NULL, inside, outside;
    FV_OK(fv_arena_new("test", 1 << 26, &arena));
    fv_drift_profile p = profile_of(0, 3000, arena);
    float usual[COLUMNS], odd[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) usual[c] = (float)c, odd[c] = (float)c + 3;
    FV_OK(fv_drift_profile_distance(&p, usual, arena, &factor, &inside));
    FV_OK(fv_drift_profile_distance(&p, odd, arena, &factor, &outside));
    assert_true(inside < 0.5 && outside > 50 && outside < 100);
}
