/* When a model is retrained, and which labels are trusted: decisions as tables of facts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "experiments/feedback.h"
#include "experiments/retrain_decide.h"
#include "tests/test.h"

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a test of retraining", 1 << 22, &arena));
    return arena;
}

static fv_retrain_policy policy_new(const char *text, fv_arena *arena) {
    const char *path;
    fv_retrain_policy policy;
    FV_OK(fv_file_join(arena, fv_test_folder(), "retrain.yaml", &path));
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    FV_OK(fv_retrain_policy_read(path, arena, &policy));
    return policy;
}

#define LEAST_POLICY "model: cells\ndata: d\nlog: l\n"

/* ---- the policy ---- */

FV_TEST(experiments_retrain__reads_a_policy_with_paths_from_its_folder) {
    fv_arena *arena = arena_new();
    fv_retrain_policy p = policy_new(LEAST_POLICY "rows: replay\nschedule: '@daily'\nzone: UTC\ndrift: {windows: 3}\n", arena);
    assert_int_equal(p.rows, FV_RETRAIN_REPLAY);
    assert_int_equal(p.drift.windows, 3);
    assert_int_equal(p.failures, 3);
    assert_true(p.data[0] == '/' && strstr(p.data, "/d"));
    assert_null(p.held_out);
    assert_int_equal(fv_schedule_next(&p.due, 0), 86400);
    fv_arena_free(arena);
}

FV_TEST(experiments_retrain__names_what_is_wrong_in_a_policy) {
    static const char *const wrong[][2] = { { "model: cells\nlog: l\n", "data" },
                                            { LEAST_POLICY "on_drfit: true\n", "on_drfit" },
                                            { LEAST_POLICY "drift: {moove: 1}\n", "moove" },
                                            { LEAST_POLICY "schedule: '61 * * * *'\n", "minute" },
                                            { LEAST_POLICY "schedule: '@daily'\nzone: Mars/Olympus\n", "zone" } };
    fv_arena *arena = arena_new();
    fv_retrain_policy policy;
    const char *path;
    FV_OK(fv_file_join(arena, fv_test_folder(), "retrain.yaml", &path));
    for (int i = 0; i < FV_COUNT(wrong); i++) {
        FV_OK(fv_file_write(path, wrong[i][0], (int64_t)strlen(wrong[i][0]), NULL));
        FV_FAILS(fv_retrain_policy_read(path, arena, &policy), FV_USAGE, wrong[i][1]);
    }
    fv_arena_free(arena);
}

/* ---- the decision ---- */

static fv_retrain_facts quiet(void) {
    return (fv_retrain_facts){
        .estimated_accuracy = 0.98, .accuracy = 0.98, .n = 500, .labelled = 100, .labels = 100, .new_labels = 50
    };
}

static void expect(const fv_retrain_facts *facts, const char *more, fv_retrain_verdict verdict, const char *trigger,
                   const char *reason) {
    fv_arena *arena = arena_new();
    FV_TEXT(text, 1 << 12);
    fv_text_addf(&text, LEAST_POLICY "%s", more);
    fv_retrain_policy policy = policy_new(text.at, arena);
    fv_retrain_decision d;
    FV_OK(fv_retrain_decide(facts, &policy, arena, &d));
    assert_int_equal(d.verdict, verdict);
    if (trigger)
        assert_string_equal(d.trigger, trigger);
    else
        assert_null(d.trigger);
    if (!strstr(d.reason, reason)) fail_msg("\"%s\" does not say \"%s\"", d.reason, reason);
    fv_arena_free(arena);
}

FV_TEST(experiments_retrain__is_asked_for_by_each_trigger) {
    fv_retrain_facts f = quiet();
    expect(&f, "", FV_RETRAIN_IDLE, NULL, "nothing is due: no drift; 50 new labels");
    expect(&f, "on_labels: 50\n", FV_RETRAIN_RUN, "labels", "50 labels are new");
    expect(&f, "on_labels: 51\n", FV_RETRAIN_IDLE, NULL, "nothing is due");
    expect(&f, "on_estimated_accuracy: 0.99\n", FV_RETRAIN_RUN, "estimated_accuracy", "0.9800 is below 0.99");
    f.accuracy = 0.5;
    expect(&f, "on_accuracy: 0.55\n", FV_RETRAIN_IDLE, NULL, "nothing is due"); /* 100 labels do not show that */
    expect(&f, "on_accuracy: 0.7\n", FV_RETRAIN_RUN, "accuracy", "accuracy 0.5000 of 100 labels");
    f.drift = true, f.drift_on = "brightness (0.9)";
    expect(&f, "on_drift: false\n", FV_RETRAIN_IDLE, NULL, "nothing is due");
    expect(&f, "", FV_RETRAIN_RUN, "drift", "drift of brightness");
    f.due = "2026-03-01 02:00 UTC";
    expect(&f, "", FV_RETRAIN_RUN, "schedule", "due at 2026-03-01");
    f.by_hand = true;
    expect(&f, "", FV_RETRAIN_RUN, "hand", "by hand");
}

FV_TEST(experiments_retrain__is_skipped_without_new_labels_and_blocked_by_what_forbids_it) {
    fv_retrain_facts f = quiet();
    f.drift = true, f.drift_on = "classes";
    f.new_labels = 0;
    expect(&f, "", FV_RETRAIN_SKIP, "drift", "no new labelled rows since the parent (100 in all), though drift of classes");
    f.new_labels = 5, f.begun = 4;
    expect(&f, "budget_jobs: 4\n", FV_RETRAIN_BLOCKED, "drift", "over the budget: 4 trainings in 30 days");
    f.failures = 3, f.failed_of = "a full disk";
    expect(&f, "", FV_RETRAIN_BLOCKED, "drift", "off after 3 failures in a row, the last: a full disk");
    f.paused = "a holiday";
    expect(&f, "", FV_RETRAIN_BLOCKED, "drift", "paused (a holiday)");
    f.by_hand = true;
    expect(&f, "budget_jobs: 4\n", FV_RETRAIN_RUN, "hand", "by hand");
}

FV_TEST(experiments_retrain__trusts_no_accuracy_of_a_window_that_is_nearly_empty) {
    fv_retrain_facts f = quiet();
    f.n = f.labelled = 5, f.accuracy = f.estimated_accuracy = 0;
    expect(&f, "on_accuracy: 0.9\non_estimated_accuracy: 0.9\n", FV_RETRAIN_IDLE, NULL, "nothing is due");
    f.n = f.labelled = 0, f.accuracy = f.estimated_accuracy = NAN;
    expect(&f, "on_accuracy: 0.9\non_estimated_accuracy: 0.9\n", FV_RETRAIN_IDLE, NULL, "nothing is due");
}

/* ---- labels ---- */

#define ROWS 40
static fv_feedback_row rows[ROWS];
static fv_feedback_traffic traffic[] = { { "a", 500 }, { "b", 500 } };

static fv_feedback good(void) {
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (fv_feedback_row){ .id = "x", .source = "/x", .label = "cat", .key = i % 2 ? "a" : "b", .said = "cat" };
        rows[i].score = 0.99;
        snprintf(rows[i].content, sizeof rows[i].content, "%032d", i);
    }
    return (fv_feedback){ .rows = rows, .count = ROWS, .traffic = traffic, .key_count = 2, .predictions = 1000 };
}

/* The check of that name, of the rows as they are. */
static bool passes(const fv_feedback *feedback, const char *name) {
    fv_arena *arena = arena_new();
    fv_retrain_policy policy = policy_new(LEAST_POLICY, arena);
    fv_gate_decision d;
    int found = -1;
    FV_OK(fv_feedback_judge(feedback, NULL, &policy, arena, &d));
    for (int i = 0; i < d.count; i++)
        if (!strcmp(d.checks[i].name, name)) found = d.checks[i].passed;
    bool all = d.passed;
    fv_arena_free(arena);
    assert_true(found >= 0 && (found || !all));
    return found;
}

FV_TEST(experiments_retrain__finds_labels_that_cannot_be_trusted) {
    fv_feedback f = good();
    assert_true(passes(&f, "duplicates") && passes(&f, "contradictions") && passes(&f, "flips") && passes(&f, "one_source"));
    for (int i = 0; i < 30; i++) memcpy(rows[i].content, rows[0].content, sizeof rows[i].content);
    assert_false(passes(&f, "duplicates"));
    assert_true(passes(&f, "contradictions"));
    for (int i = 0; i < 10; i++) rows[i].label = "dog";
    f = good();
    for (int i = 0; i < 8; i++) memcpy(rows[i + 8].content, rows[i].content, sizeof rows[i].content), rows[i].label = "dog";
    assert_false(passes(&f, "contradictions"));
    f = good();
    for (int i = 0; i < 30; i++) rows[i].label = "dog";
    assert_false(passes(&f, "flips"));
    f = good();
    for (int i = 0; i < ROWS; i++) rows[i].key = "a";
    traffic[0].predictions = 100, traffic[1].predictions = 900;
    assert_false(passes(&f, "one_source"));
    traffic[0].predictions = 900, traffic[1].predictions = 100;
    assert_true(passes(&f, "one_source"));
}

FV_TEST(experiments_retrain__says_nothing_of_shares_of_few_labels) {
    fv_feedback f = good();
    f.count = 10;
    for (int i = 0; i < 10; i++) rows[i].label = "dog", memcpy(rows[i].content, rows[0].content, sizeof rows[i].content);
    assert_true(passes(&f, "flips") && passes(&f, "duplicates"));
}
