/* What is drift and what is not: effect, chance, size, and windows in a row. */
#include "drift/verdict.h"

#include <math.h>

#include "core/base/random.h"
#include "tests/test.h"

static const char *const series[] = { "brightness", "noise", FV_DRIFT_CONFIDENCE };

/* Shift and spread of the first series; share of class "b", and of a class that there was not. */
typedef struct traffic {
    double shift, share, unseen, features;
} traffic;

static fv_drift_window *window_of(uint32_t seed, int count, traffic t) {
    fv_drift_window *w;
    FV_OK(fv_drift_window_new(series, 3, &w));
    for (int i = 0; i < count; i++) {
        fv_random random = fv_random_at(11, seed, (uint32_t)i, 0);
        double values[3] = { fv_random_normal(&random) + t.shift, fv_random_unit(&random), 0.5 + fv_random_unit(&random) / 2 };
        double which = fv_random_unit(&random);
        float sketch[4];
        for (int c = 0; c < 4; c++) sketch[c] = (float)(fv_random_normal(&random) + t.features);
        const char *label = which < t.unseen ? "new" : which < t.unseen + t.share ? "b" : "a";
        fv_drift_observation o = {
            .values = values, .label = label, .right = fv_random_unit(&random) < values[2], .columns = 4, .sketch = sketch
        };
        FV_OK(fv_drift_window_add(w, &o));
    }
    return w;
}

static const traffic usual = { 0, 0.3, 0, 0 };

static fv_drift_policy policy(void) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_drift_policy p;
    FV_OK(fv_arena_new("policy", 1 << 16, &arena));
    FV_OK(fv_fields_defaults(fv_drift_policy_fields, &p, arena));
    return p;
}

static fv_drift_report judge_by(const fv_drift_policy *p, uint32_t seed, int count, traffic t) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_window) then = window_of(0, 2000, usual);
    FV_OWNED(fv_drift_window) now = window_of(seed, count, t);
    fv_drift_profile profile;
    fv_drift_report report;
    FV_OK(fv_arena_new("profile", 1 << 26, &arena));
    FV_OK(fv_drift_profile_make(then, arena, &profile));
    FV_OK(fv_drift_judge(&profile, now, p, &report));
    for (int64_t i = 0; i < report.count; i++) report.findings[i].on = report.findings[i].drift ? "drift" : "";
    return report;
}

static fv_drift_report judge(uint32_t seed, int count, traffic t) {
    fv_drift_policy p = policy();
    return judge_by(&p, seed, count, t);
}

FV_TEST(drift_verdict__the_same_traffic_raises_few_alarms) {
    int alarms = 0;
    for (uint32_t seed = 1; seed <= 200; seed++) alarms += judge(seed, 300, usual).drift;
    assert_true(alarms <= 4); /* 1 % of 200 are 2 */
}

FV_TEST(drift_verdict__each_kind_of_change_is_found) {
    assert_true(judge(1, 300, (traffic){ 0.5, 0.3, 0, 0 }).findings[0].drift);
    fv_drift_report mix = judge(1, 300, (traffic){ 0, 0.6, 0, 0 }), unseen = judge(1, 300, (traffic){ 0, 0.3, 0.1, 0 });
    fv_drift_report features = judge(1, 300, (traffic){ 0, 0.3, 0, 0.6 });
    assert_true(mix.findings[3].drift && !mix.findings[4].drift);
    assert_true(unseen.findings[3].drift);
    assert_true(features.findings[4].drift && !features.findings[0].drift);
}

FV_TEST(drift_verdict__neither_a_large_sample_nor_a_small_one_is_enough) {
    fv_drift_report slight = judge(1, 20000, (traffic){ 0.15, 0.3, 0, 0 });
    assert_true(slight.findings[0].p < 0.001 && !slight.drift); /* sure, and of no matter */
    fv_drift_report few = judge(1, 8, (traffic){ 2, 0.3, 0, 0 });
    assert_true(few.findings[0].value > 1 && !few.drift);
}

FV_TEST(drift_verdict__accuracy_is_estimated_with_its_error) {
    fv_drift_report r = judge(3, 2000, usual);
    assert_true(r.labelled == 2000 && fabs(r.estimated_accuracy - 0.75) < 0.01);
    assert_true(fabs(r.accuracy - r.estimated_accuracy) < 4 * r.estimated_error);
    assert_true(r.estimated_error > 0.005 && r.estimated_error < 0.015);
}

/* ---- windows in a row ---- */

static bool step(const fv_drift_policy *p, fv_drift_state *state, bool drift, bool calm) {
    fv_drift_report report = { .drift = drift, .calm = calm };
    return fv_drift_step_on(p, &report, state);
}

FV_TEST(drift_verdict__an_alarm_takes_windows_in_a_row_and_rests) {
    fv_drift_policy p = policy();
    fv_drift_state state = { 0 };
    p.windows = 3, p.cool_down = 2;
    assert_false(step(&p, &state, true, false));
    assert_false(step(&p, &state, true, false));
    assert_false(step(&p, &state, false, true)); /* begins again */
    assert_false(step(&p, &state, true, false));
    assert_false(step(&p, &state, true, false));
    assert_true(step(&p, &state, true, false));
    assert_false(step(&p, &state, true, false)); /* stands already */
    assert_true(state.alarmed);
    assert_false(step(&p, &state, false, false)); /* below the threshold, but not calm */
    assert_true(state.alarmed);
    assert_false(step(&p, &state, false, true));
    assert_false(state.alarmed);
    for (int i = 0; i < 2; i++) assert_false(step(&p, &state, true, false));
    assert_true(step(&p, &state, true, false));
}
