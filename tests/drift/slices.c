/* Verdicts on classes and keys: what the whole hides, what is too little to say, and alarms of each by itself. */
#include "drift/slices.h"

#include <math.h>
#include <string.h>

#include "core/base/random.h"
#include "drift/say.h"
#include "tests/test.h"

static const char *const series[] = { "brightness", "noise" };

/* Classes "a" and "b", half each; keys "east" and "west", half each, whatever the class. */
typedef struct traffic {
    double shift_a, shift_b, shift_east;
} traffic;

static fv_drift_window *window_of(uint32_t seed, int count, traffic t) {
    fv_drift_window *w;
    FV_OK(fv_drift_window_new(series, 2, &w));
    for (int i = 0; i < count; i++) {
        fv_random random = fv_random_at(12, seed, (uint32_t)i, 0);
        bool of_a = fv_random_unit(&random) < 0.5, east = fv_random_unit(&random) < 0.5;
        double values[2] = { fv_random_normal(&random) + (of_a ? t.shift_a : t.shift_b) + (east ? t.shift_east : 0),
                             fv_random_unit(&random) };
        fv_drift_observation o = { .values = values, .label = of_a ? "a" : "b", .right = -1, .key = east ? "east" : "west" };
        FV_OK(fv_drift_window_add(w, &o));
    }
    return w;
}

static fv_drift_policy policy(void) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_drift_policy p;
    FV_OK(fv_arena_new("policy", 1 << 16, &arena));
    FV_OK(fv_fields_defaults(fv_drift_policy_fields, &p, arena));
    return p;
}

/* A profile of two thousand usual observations. */
typedef struct bench {
    fv_arena *arena;
    fv_drift_window *then;
    fv_drift_profile profile;
    fv_drift_policy policy;
} bench;

static void set_up(bench *b) {
    FV_OK(fv_arena_new("a bench", 1 << 26, &b->arena));
    b->then = window_of(0, 2000, (traffic){ 0 });
    FV_OK(fv_drift_profile_make(b->then, b->arena, &b->profile));
    b->policy = policy();
}

static void take_down(bench *b) {
    fv_drift_window_free(b->then);
    fv_arena_free(b->arena);
}

static bool slice_drifts(const fv_drift_slices *slices, const char *name) {
    for (int64_t s = 0; s < slices->count; s++)
        if (!strcmp(slices->at[s].name, name)) return slices->at[s].report.drift;
    fail_msg("there is no slice %s", name);
    return false;
}

FV_TEST(drift_slices__a_class_is_compared_with_itself) {
    bench b;
    fv_drift_slices slices;
    fv_drift_report whole;
    set_up(&b);
    FV_OWNED(fv_drift_window) now = window_of(1, 800, (traffic){ 0.6, -0.6, 0 });
    FV_OK(fv_drift_judge_slices(&b.profile, now, &b.policy, FV_DRIFT_BY_CLASS, &slices));
    FV_OK(fv_drift_judge(&b.profile, now, &b.policy, &whole));
    assert_int_equal(slices.count, 2);
    assert_true(slice_drifts(&slices, "a") && slice_drifts(&slices, "b"));
    assert_true(slices.at[0].report.findings[0].mean > slices.at[0].report.findings[0].reference_mean);
    fv_drift_slices_release(&slices);
    take_down(&b);
}

FV_TEST(drift_slices__one_site_stands_out) {
    bench b;
    fv_drift_slices slices;
    set_up(&b);
    FV_OWNED(fv_drift_window) now = window_of(2, 400, (traffic){ 0, 0, 0.8 });
    FV_OK(fv_drift_judge_slices(&b.profile, now, &b.policy, FV_DRIFT_BY_KEY, &slices));
    assert_int_equal(slices.count, 2);
    assert_true(slice_drifts(&slices, "east") && !slice_drifts(&slices, "west"));
    fv_drift_slices_release(&slices);
    take_down(&b);
}

FV_TEST(drift_slices__the_same_traffic_raises_few_alarms) {
    bench b;
    int alarms = 0;
    set_up(&b);
    for (uint32_t seed = 1; seed <= 60; seed++) {
        fv_drift_slices slices;
        FV_OWNED(fv_drift_window) now = window_of(seed, 250, (traffic){ 0 });
        FV_OK(fv_drift_judge_slices(&b.profile, now, &b.policy, seed % 2 ? FV_DRIFT_BY_CLASS : FV_DRIFT_BY_KEY, &slices));
        for (int64_t s = 0; s < slices.count; s++) alarms += slices.at[s].report.drift;
        fv_drift_slices_release(&slices);
    }
    assert_true(alarms <= 2);
    take_down(&b);
}

FV_TEST(drift_slices__few_and_unknown_ones_are_not_tested) {
    bench b;
    fv_drift_slices slices;
    set_up(&b);
    FV_OWNED(fv_drift_window) now = window_of(3, 300, (traffic){ 0 });
    double values[2] = { 9, 9 };
    for (int i = 0; i < 20; i++)
        FV_OK(
            fv_drift_window_add(now, &(fv_drift_observation){ .values = values, .label = "new", .right = -1, .key = "south" }));
    FV_OK(fv_drift_judge_slices(&b.profile, now, &b.policy, FV_DRIFT_BY_KEY, &slices));
    assert_int_equal(slices.count, 3);
    assert_string_equal(slices.at[1].name, "south");
    assert_true(!slices.at[1].tested && slices.at[1].known && !slices.at[1].report.drift);
    assert_int_equal(slices.at[1].report.n, 20);
    fv_drift_slices_release(&slices);
    FV_OK(fv_drift_judge_slices(&b.profile, now, &b.policy, FV_DRIFT_BY_CLASS, &slices));
    assert_string_equal(slices.at[2].name, "new");
    assert_false(slices.at[2].known);
    fv_drift_slices_release(&slices);
    take_down(&b);
}

FV_TEST(drift_slices__profiles_with_classes_add_up_and_read_back) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_window) first = window_of(4, 1000, (traffic){ 0 });
    FV_OWNED(fv_drift_window) second = window_of(5, 500, (traffic){ 0.5, 0, 0 });
    fv_drift_profile a, b, both, again, of_a;
    bool known;
    FV_TEXT(text, 1 << 24);
    FV_OK(fv_arena_new("profiles", 1 << 26, &arena));
    FV_OK(fv_drift_profile_make(first, arena, &a));
    FV_OK(fv_drift_profile_make(second, arena, &b));
    FV_OK(fv_drift_profile_merge(&a, &b, arena, &both));
    assert_int_equal(both.slices.count, 2);
    assert_float_equal(both.slice_seen.at[0], a.slice_seen.at[0] + b.slice_seen.at[0], 0);
    assert_true(both.slice_means.at[0] > a.slice_means.at[0] && both.slice_means.at[0] < b.slice_means.at[0]);
    fv_drift_profile_print(&both, &text);
    FV_OK(fv_drift_profile_parse(text.at, "text", arena, &again));
    FV_OK(fv_drift_profile_slice(&again, "a", arena, &of_a, &known));
    assert_true(known && of_a.quantiles.count == 2 * FV_DRIFT_POINTS);
    FV_OK(fv_drift_profile_slice(&again, "nobody", arena, &of_a, &known));
    assert_false(known);
}

/* ---- monitors ---- */

FV_TEST(drift_monitor__each_slice_has_an_alarm_of_its_own) {
    bench b;
    fv_drift_step step;
    FV_OWNED(fv_drift_monitor) monitor = NULL;
    set_up(&b);
    b.policy.windows = 2;
    FV_OK(fv_drift_monitor_new(&b.profile, &b.policy, FV_DRIFT_BY_KEY, &monitor));
    for (uint32_t seed = 0; seed < 3; seed++) {
        FV_OWNED(fv_drift_window) now = window_of(6 + seed, 600, (traffic){ 0, 0, 0.7 });
        FV_OK(fv_drift_monitor_step(monitor, now, &step));
        assert_string_equal(step.slices[0].slice->name, "east");
        assert_int_equal(step.slices[0].raised, seed == 1);
        assert_int_equal(step.slices[0].state.alarmed, seed >= 1);
        assert_false(step.slices[1].state.alarmed);
    }
    fv_drift_totals totals = fv_drift_monitor_totals(monitor);
    assert_true(totals.windows == 3 && totals.alarmed && totals.alarms == 1 + step.state.alarmed);
    take_down(&b);
}

/* ---- as text ---- */

static int64_t lines_that_begin(const char *text, const char *with) {
    int64_t count = 0;
    for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        count += !strncmp(at, with, strlen(with));
    return count;
}

FV_TEST(drift_say__json_and_gauges_tell_the_same) {
    bench b;
    fv_drift_step step;
    FV_OWNED(fv_drift_monitor) monitor = NULL;
    FV_TEXT(json, 1 << 20);
    FV_TEXT(gauges, 1 << 20);
    set_up(&b);
    FV_OWNED(fv_drift_window) now = window_of(9, 400, (traffic){ 0, 0, 0.8 });
    FV_OK(fv_drift_monitor_new(&b.profile, &b.policy, FV_DRIFT_BY_KEY, &monitor));
    FV_OK(fv_drift_monitor_step(monitor, now, &step));
    fv_drift_told told = { .model = "a \"model\"\n",
                           .version = 3,
                           .step = &step,
                           .totals = fv_drift_monitor_totals(monitor),
                           .by = FV_DRIFT_BY_KEY,
                           .reference_n = 2000 };
    fv_drift_json(&told, &json);
    fv_drift_prometheus(&told, 1, &gauges);
    FV_OK(fv_text_error(&json));
    FV_OK(fv_text_error(&gauges));
    assert_non_null(
        strstr(json.at, "{\"drift\":true,\"statistics\":[{\"name\":\"wasserstein\",\"on\":\"brightness\",\"value\":"));
    assert_non_null(strstr(json.at, "\"fired\":[{\"on\":\"brightness\",\"why\":\"brightness moved by "));
    assert_non_null(strstr(json.at, "\"by\":\"key\",\"slices\":[{\"slice\":\"east\",\"tested\":true,"));
    assert_non_null(
        strstr(gauges.at, "# TYPE fovea_drift_alarm gauge\nfovea_drift_alarm{model=\"a \\\"model\\\"\\n\",version=\"3\"} 1\n"));
    assert_non_null(strstr(gauges.at, "fovea_drift_window_predictions{model=\"a \\\"model\\\"\\n\",version=\"3\"} 400\n"));
    assert_int_equal(lines_that_begin(gauges.at, "fovea_drift_detected{"), 9); /* three of the whole and of each key */
    assert_int_equal(lines_that_begin(gauges.at, "# TYPE fovea_drift_value "), 1);
    take_down(&b);
}

FV_TEST(drift_drivers__the_furthest_come_first) {
    bench b;
    fv_drift_report report;
    fv_drift_driver *drivers;
    int64_t count;
    set_up(&b);
    FV_OWNED(fv_drift_window) now = window_of(10, 200, (traffic){ -1, -1, 0 });
    double far[2] = { -9, 0.5 };
    FV_OK(fv_drift_window_add(now, &(fv_drift_observation){ .values = far, .label = "a", .right = -1, .source = "far.png" }));
    far[0] = 9;
    FV_OK(fv_drift_window_add(now, &(fv_drift_observation){ .values = far, .label = "a", .right = -1, .source = "other.png" }));
    FV_OK(fv_drift_judge(&b.profile, now, &b.policy, &report));
    const fv_drift_finding *f = fv_drift_strongest(&report);
    assert_string_equal(f->on, "brightness");
    FV_OK(fv_drift_drivers(&b.profile, now, f, 8, b.arena, &drivers, &count));
    assert_int_equal(count, 2); /* the others have no name */
    assert_string_equal(drivers[0].source, "far.png");
    assert_string_equal(drivers[0].label, "a");
    take_down(&b);
}
