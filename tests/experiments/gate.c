/* The promotion gate as a table: facts in, checks out. */
#include "experiments/gate.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a gate's test", 1 << 20, &arena));
    return arena;
}

/* What passes: as good as the incumbent on 1000 pictures, as fast, as large. */
static fv_gate_facts good(void) {
    fv_gate_facts f = { .candidate = "cells/2", .incumbent = "cells/1", .selftest_pictures = 5, .margin = 0.02 };
    f.pairs = (fv_gate_pairs){ .metric = "top1", .on = "test", .pictures = 1000, .counted = true };
    f.pairs.mcnemar = fv_mcnemar_of(10, 12);
    f.pairs.gain.of = (fv_paired){ 0.95, 0.952, 0.002 };
    f.pairs.gain.interval = fv_paired_shares_interval(10, 12, 1000, 0.95);
    f.bytes = f.incumbent_bytes = 2000000;
    f.latency_ms = f.incumbent_latency_ms = 3;
    f.larger = f.slower = 1.25;
    return f;
}

static fv_gate_facts first(void) {
    fv_gate_facts f = good();
    f.incumbent = NULL;
    f.pairs = (fv_gate_pairs){ .refused = "there is none" };
    return f;
}
static fv_gate_facts worse(void) {
    fv_gate_facts f = good();
    f.pairs.gain.of = (fv_paired){ 0.95, 0.90, -0.05 };
    f.pairs.gain.interval = fv_paired_shares_interval(55, 5, 1000, 0.95);
    return f;
}
static fv_gate_facts few_pictures(void) {
    fv_gate_facts f = good();
    f.pairs.pictures = 50;
    f.pairs.gain.of = (fv_paired){ 1, 1, 0 };
    f.pairs.gain.interval = fv_paired_shares_interval(0, 0, 50, 0.95);
    return f;
}
static fv_gate_facts within_a_wide_margin(void) {
    fv_gate_facts f = few_pictures();
    f.margin = 0.1;
    return f;
}
static fv_gate_facts never_told_apart(void) {
    fv_gate_facts f = good();
    f.pairs.gain.of = (fv_paired){ 0.9, 0.9, 0 };
    f.pairs.gain.interval = (fv_interval){ NAN, NAN };
    return f;
}
static fv_gate_facts undefined(void) {
    fv_gate_facts f = good();
    f.pairs.gain.of = (fv_paired){ NAN, NAN, NAN };
    f.pairs.gain.interval = (fv_interval){ NAN, NAN };
    return f;
}
static fv_gate_facts other_pictures(void) {
    fv_gate_facts f = good();
    f.pairs = (fv_gate_pairs){ .refused = "3 pictures are only in the first" };
    return f;
}
static fv_gate_facts same_file(void) {
    fv_gate_facts f = other_pictures();
    f.same_file = true;
    f.latency_ms = 30;
    return f;
}
static fv_gate_facts slow(void) {
    fv_gate_facts f = good();
    f.latency_ms = 3.8;
    return f;
}
static fv_gate_facts slow_but_any_is_allowed(void) {
    fv_gate_facts f = slow();
    f.slower = 0;
    return f;
}
static fv_gate_facts large(void) {
    fv_gate_facts f = good();
    f.bytes = 2500001;
    return f;
}
static fv_gate_facts broken(void) {
    fv_gate_facts f = good();
    f.selftest_problem = "self-test picture a.png: output 3";
    return f;
}
static fv_goal goals[] = { { "top1", false, 0.95, 0.952 }, { "latency_ms", true, 2, 3 } };
static fv_gate_facts goal_met(void) {
    fv_gate_facts f = good();
    f.goals = (fv_goals){ 1, goals };
    return f;
}
static fv_gate_facts goal_missed(void) {
    fv_gate_facts f = good();
    f.goals = (fv_goals){ 2, goals };
    return f;
}
static fv_gate_facts forced(void) {
    fv_gate_facts f = worse();
    f.force = "the old one names patients";
    return f;
}

static fv_gate_facts broken_and_forced(void) {
    fv_gate_facts f = broken();
    f.force = "no time";
    return f;
}
static fv_gate_facts instead_of_a_broken_one(void) {
    fv_gate_facts f = good();
    f.incumbent_problem = "it was changed";
    f.incumbent_latency_ms = NAN;
    return f;
}

static fv_gate_facts another_task(void) {
    fv_gate_facts f = good();
    f.task_problem = "it does not know the class platelet, which cells/1 does";
    f.latency_ms = f.incumbent_latency_ms = NAN;
    return f;
}
static fv_gate_facts another_task_forced(void) {
    fv_gate_facts f = another_task();
    f.force = "platelets are counted elsewhere now";
    return f;
}

static const struct {
    const char *name;
    fv_gate_facts (*facts)(void);
    bool passed, promoted;
    const char *failing; /* the one check that does; NULL: none */
} cases[] = {
    { "as good", good, true, true, NULL },
    { "the first", first, true, true, NULL },
    { "worse", worse, false, false, "not_worse" },
    { "few pictures", few_pictures, false, false, "not_worse" },
    { "a wide margin", within_a_wide_margin, true, true, NULL },
    { "never told apart", never_told_apart, true, true, NULL },
    { "undefined", undefined, false, false, "not_worse" },
    { "other pictures", other_pictures, false, false, "not_worse" },
    { "the same file", same_file, true, true, NULL },
    { "slow", slow, false, false, "latency" },
    { "slow, any allowed", slow_but_any_is_allowed, true, true, NULL },
    { "large", large, false, false, "size" },
    { "broken", broken, false, false, "self_test" },
    { "a goal met", goal_met, true, true, NULL },
    { "a goal missed", goal_missed, false, false, "target latency_ms<=2" },
    { "forced", forced, false, true, "not_worse" },
    { "broken and forced", broken_and_forced, false, false, "self_test" },
    { "another task", another_task, false, false, "same_task" },
    { "another task, forced", another_task_forced, false, true, "same_task" },
    { "instead of a broken one", instead_of_a_broken_one, true, true, NULL },
};

FV_TEST(experiments_gate__lets_through_what_is_not_worse_by_every_check) {
    FV_OWNED(fv_arena) arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fv_gate_facts facts = cases[i].facts();
        fv_gate_decision d;
        const char *failing = NULL;
        FV_OK(fv_gate_decide(&facts, arena, &d));
        for (int64_t k = 0; k < d.count; k++) {
            if (!d.checks[k].passed && failing) fail_msg("%s: %s and %s fail", cases[i].name, failing, d.checks[k].name);
            if (!d.checks[k].passed) failing = d.checks[k].name;
            assert_non_null(d.checks[k].text);
        }
        if (d.passed != cases[i].passed || d.promoted != cases[i].promoted) fail_msg("%s", cases[i].name);
        if (cases[i].failing)
            assert_string_equal(failing, cases[i].failing);
        else
            assert_null(failing);
    }
}

FV_TEST(experiments_gate__gives_reasons_that_a_script_can_read) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_gate_facts facts = forced();
    fv_gate_decision d;
    FV_TEXT(json, 1 << 16);
    FV_OK(fv_gate_decide(&facts, arena, &d));
    fv_gate_reasons(&d, &json);
    FV_OK(fv_text_error(&json));
    assert_non_null(strstr(json.at, "[{\"name\":\"self_test\",\"passed\":true,\"text\":\"its 5 pictures give"));
    assert_non_null(
        strstr(json.at, "{\"name\":\"not_worse\",\"passed\":false,\"text\":\"top1 0.9, and 0.95 of cells/1, on 1000 pictures, "
                        "test: gain -0.05, 95 % from "));
    assert_non_null(strstr(json.at, "\"numbers\":{\"candidate\":0.9,\"incumbent\":0.95,\"gain\":-0.05,\"low\":"));
    assert_non_null(
        strstr(json.at, "{\"name\":\"forced\",\"passed\":true,\"text\":\"the old one names patients\",\"numbers\":{}}]"));
}

FV_TEST(experiments_gate__writes_what_is_undefined_as_null) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_gate_facts facts = undefined();
    fv_gate_decision d;
    FV_TEXT(json, 1 << 16);
    FV_OK(fv_gate_decide(&facts, arena, &d));
    fv_gate_reasons(&d, &json);
    assert_non_null(strstr(json.at, "\"gain\":null,\"low\":null"));
}
