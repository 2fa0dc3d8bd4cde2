/* Learning rates: PyTorch's schedulers (tests/golden/schedules.py), airbench's triangle, warm-up, refusals. */
#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "fovea/optim.h"
#include "tests/layers/golden.h"

static fv_learning_rate *make(const char *schedule, double base, int64_t steps) {
    fv_learning_rate *rate = NULL;
    FV_OK(fv_learning_rate_new(
        &(fv_learning_rate_options){ .schedule = schedule, .base = base, .steps = steps, .steps_per_epoch = 1 }, &rate));
    return rate;
}

/* "SCHEDULE ; STEPS STEPS_PER_EPOCH WARMUP PER_EPOCH ; rate …" */
static void check_line(char *line) {
    char *numbers = strstr(line, " ; ");
    *numbers = 0;
    char *at = numbers + 3;
    fv_learning_rate_options options = { .schedule = line, .base = 0.1 };
    options.steps = strtoll(at, &at, 10);
    options.steps_per_epoch = strtoll(at, &at, 10);
    options.warmup_steps = strtoll(at, &at, 10);
    options.per_epoch = strtoll(at, &at, 10) != 0;
    at = strchr(at, ';') + 1;
    FV_OWNED(fv_learning_rate) rate = NULL;
    FV_OK(fv_learning_rate_new(&options, &rate));
    for (int64_t t = 0; t < options.steps; t++) {
        double want = strtod(at, &at), got = fv_learning_rate_at(rate, t);
        if (fabs(got - want) > 1e-12) fail_msg("%s: step %d: %.12g, PyTorch has %.12g", line, (int)t, got, want);
    }
}

FV_TEST(optim_learning_rate__equals_pytorchs_schedulers) {
    int checked = 0;
    char *text = golden_text("schedules.txt"), *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (*line == '#') continue;
        check_line(line);
        checked++;
    }
    fv_memory_free(text);
    assert_int_equal(checked, 9);
}

FV_TEST(optim_learning_rate__cosine_over_ten_epochs) { /* TRN-03 */
    static const double want[] = { 0.1,  0.097552826, 0.09045085,  0.079389263, 0.06545085,
                                   0.05, 0.03454915,  0.020610737, 0.00954915,  0.002447174 };
    FV_OWNED(fv_learning_rate) rate = make("cosine", 0.1, 10);
    for (int t = 0; t < 10; t++) assert_float_equal(fv_learning_rate_at(rate, t), want[t], 1e-9);
}

FV_TEST(optim_learning_rate__warms_up_before_the_cosine) { /* three of ten */
    static const double want[] = { 0.033333333, 0.066666667, 0.1,         0.1,        0.095048443,
                                   0.08117449,  0.061126047, 0.038873953, 0.01882551, 0.004951557 };
    FV_OWNED(fv_learning_rate) rate = NULL;
    FV_OK(fv_learning_rate_new(
        &(fv_learning_rate_options){ .schedule = "cosine", .base = 0.1, .steps = 10, .steps_per_epoch = 1, .warmup_steps = 3 },
        &rate));
    for (int t = 0; t < 10; t++) assert_float_equal(fv_learning_rate_at(rate, t), want[t], 1e-9);
}

FV_TEST(optim_learning_rate__warms_up_by_epochs_where_rates_change_by_epochs) {
    static const double want[] = { 0.1 / 3, 0.2 / 3, 0.1, 0.1, 0.095048443 };
    fv_learning_rate_options options = {
        .schedule = "cosine", .base = 0.1, .steps = 40, .steps_per_epoch = 4, .warmup_steps = 12, .per_epoch = true
    };
    FV_OWNED(fv_learning_rate) rate = NULL;
    FV_OK(fv_learning_rate_new(&options, &rate));
    for (int t = 0; t < 20; t++) assert_float_equal(fv_learning_rate_at(rate, t), want[t / 4], 1e-9);
    options.warmup_steps = 2; /* half an epoch: over before a rate could change */
    FV_OWNED(fv_learning_rate) half = NULL;
    FV_OK(fv_learning_rate_new(&options, &half));
    assert_float_equal(fv_learning_rate_at(half, 0), 0.1, 1e-12);
}

FV_TEST(optim_learning_rate__triangle_bends_where_airbench_does) { /* numpy.interp([0, 23, 100], [0.2, 1, 0.07]) */
    FV_OWNED(fv_learning_rate) rate = make("triangular", 1, 100);
    assert_float_equal(fv_learning_rate_at(rate, 0), 0.2, 1e-12);
    assert_float_equal(fv_learning_rate_at(rate, 10), 0.2 + 0.8 * 10 / 23, 1e-12);
    assert_float_equal(fv_learning_rate_at(rate, 23), 1, 1e-12);
    assert_float_equal(fv_learning_rate_at(rate, 99), 1 - 0.93 * 76 / 77, 1e-12);
}

FV_TEST(optim_learning_rate__stays_after_the_end) {
    FV_OWNED(fv_learning_rate) rate = make("cosine", 0.1, 10);
    assert_true(fv_learning_rate_at(rate, 10) == fv_learning_rate_at(rate, 9));
    assert_true(fv_learning_rate_at(rate, 1000000) == fv_learning_rate_at(rate, 9));
}

FV_TEST(optim_learning_rate__is_the_same_whatever_was_asked_before) {
    FV_OWNED(fv_learning_rate) all = make("one_cycle", 0.1, 50);
    FV_OWNED(fv_learning_rate) late = make("one_cycle", 0.1, 50);
    double rates[50];
    for (int t = 0; t < 50; t++) rates[t] = fv_learning_rate_at(all, t);
    for (int t = 49; t >= 25; t--) assert_true(fv_learning_rate_at(late, t) == rates[t]);
}

FV_TEST(optim_learning_rate__a_training_of_one_step_has_a_rate) {
    static const char *const schedules[] = { "constant", "cosine", "one_cycle", "triangular", "step every=1" };
    for (int i = 0; i < 5; i++) {
        FV_OWNED(fv_learning_rate) rate = make(schedules[i], 0.1, 1);
        double value = fv_learning_rate_at(rate, 0);
        assert_true(value > 0 && value <= 0.1);
    }
}

static fv_error *refuse(fv_learning_rate_options options) {
    FV_OWNED(fv_learning_rate) rate = NULL;
    return fv_learning_rate_new(&options, &rate);
}

FV_TEST(optim_learning_rate__refuses_what_makes_no_sense) {
    fv_learning_rate_options good = { .base = 0.1, .steps = 10, .steps_per_epoch = 2 }, o = good;
    FV_OK(refuse(o));
    o.schedule = "cosin";
    FV_FAILS(refuse(o), FV_USAGE, "no schedule called \"cosin\"");
    o.schedule = "cosine finale=1";
    FV_FAILS(refuse(o), FV_USAGE, "schedule cosine");
    o.schedule = "step";
    FV_FAILS(refuse(o), FV_USAGE, "either every or milestones");
    o.schedule = "step every=2 milestones=3";
    FV_FAILS(refuse(o), FV_USAGE, "either every or milestones");
    o = good, o.schedule = "one_cycle", o.warmup_steps = 2;
    FV_FAILS(refuse(o), FV_USAGE, "warms up by itself");
    o = good, o.warmup_steps = 10;
    FV_FAILS(refuse(o), FV_USAGE, "warm-up of 10 steps");
    o = good, o.steps = 0;
    FV_FAILS(refuse(o), FV_USAGE, "0 steps");
    o = good, o.base = NAN;
    FV_FAILS(refuse(o), FV_USAGE, "learning rate of nan");
}
