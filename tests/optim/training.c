/* The training step: groups of parameters, clipping, averages of the weights. */
#include "tests/optim/bench.h"

/* ---- groups ---- */

FV_TEST(optim_training__groups_scale_rate_and_decay) {
    static const char *const groups[] = { "*.bias lr_scale=2 weight_decay_scale=0" };
    bench b =
        bench_open(FV_F64, &(fv_training_options){ .optimizer = "sgd weight_decay=0.5", .groups = groups, .group_count = 1 });
    bench_step(&b, 1, 1);
    for (int i = 0; i < BENCH_N; i++) {
        assert_float_equal(bench_state(&b, "fc.weight", i),
                           bench_start[i] - 0.1 * (bench_gradients[1][i] + 0.5 * bench_start[i]), 1e-12);
        assert_float_equal(bench_state(&b, "fc.bias", i), bench_start[i] - 0.2 * bench_gradients[1][i], 1e-12);
    }
    bench_close(&b);
}

FV_TEST(optim_training__the_first_group_that_matches_counts) {
    static const char *const groups[] = { "fc.bia? lr_scale=3", "* lr_scale=5" };
    bench b = bench_open(FV_F64, &(fv_training_options){ .groups = groups, .group_count = 2 });
    bench_step(&b, 0, 1);
    assert_float_equal(bench_state(&b, "fc.bias", 0), bench_start[0] - 0.3 * bench_gradients[0][0], 1e-12);
    assert_float_equal(bench_state(&b, "fc.weight", 0), bench_start[0] - 0.5 * bench_gradients[0][0], 1e-12);
    bench_close(&b);
}

FV_TEST(optim_training__a_frozen_group_has_neither_update_nor_slots) {
    static const char *const groups[] = { "fc.bias lr_scale=0" };
    bench b = bench_open(FV_F64, &(fv_training_options){ .optimizer = "adam", .groups = groups, .group_count = 1 });
    bench_step(&b, 0, 1);
    for (int i = 0; i < BENCH_N; i++) assert_true(bench_state(&b, "fc.bias", i) == bench_start[i]);
    assert_null(fv_weights_find(b.weights, "fc.bias.exp_avg"));
    assert_non_null(fv_weights_find(b.weights, "fc.weight.exp_avg"));
    bench_close(&b);
}

FV_TEST(optim_training__decay_of_matrices_only_leaves_biases_alone) {
    bench b = bench_open(FV_F64, &(fv_training_options){ .optimizer = "sgd weight_decay=0.5", .decay_matrices_only = true });
    bench_step(&b, 0, 1);
    assert_float_equal(bench_state(&b, "fc.weight", 1), bench_start[1] - 0.1 * (bench_gradients[0][1] + 0.5 * bench_start[1]),
                       1e-12);
    assert_float_equal(bench_state(&b, "fc.bias", 1), bench_start[1] - 0.1 * bench_gradients[0][1], 1e-12);
    bench_close(&b);
}

FV_TEST(optim_training__refuses_what_makes_no_sense) {
    static const char *const nothing[] = { "head.* lr_scale=2" }, *const typo[] = { "* lr_scal=2" },
                             *const all[] = { "* lr_scale=0" };
    FV_FAILS(bench_refuse(&(fv_training_options){ .optimizer = "adamv" }), FV_USAGE, "no optimizer called \"adamv\"");
    FV_FAILS(bench_refuse(&(fv_training_options){ .optimizer = "sgd momentum=2" }), FV_USAGE, "optimizer sgd");
    FV_FAILS(bench_refuse(&(fv_training_options){ .groups = nothing, .group_count = 1 }), FV_USAGE,
             "group head.* has no parameter");
    FV_FAILS(bench_refuse(&(fv_training_options){ .groups = typo, .group_count = 1 }), FV_USAGE, "lr_scal");
    FV_FAILS(bench_refuse(&(fv_training_options){ .groups = all, .group_count = 1 }), FV_USAGE, "no parameter to train");
    FV_FAILS(bench_refuse(&(fv_training_options){ .clip_norm = -1 }), FV_USAGE, "clip_norm");
    FV_FAILS(bench_refuse(&(fv_training_options){ .ema_decay = 1 }), FV_USAGE, "ema_decay");
}

/* ---- clipping ---- */

FV_TEST(optim_training__clips_the_global_norm_as_pytorch_does) {
    bench b = bench_open(FV_F64, &(fv_training_options){ .clip_norm = 1 });
    bench_step(&b, 0, 10); /* (1, −2, 0) twice: norm √10 */
    assert_float_equal(fv_tensor_load(fv_plan_result(b.plan, "gradient_norm"), 0), 3.16227766016838, 1e-12);
    assert_float_equal(bench_state(&b, "fc.bias", 0), 1 - 0.1 * 1 / (3.16227766016838 + 1e-6), 1e-12);
    assert_float_equal(bench_state(&b, "fc.weight", 1), -2 + 0.1 * 2 / (3.16227766016838 + 1e-6), 1e-12);
    bench_step(&b, 0, 1); /* below the norm: as it is */
    assert_float_equal(bench_state(&b, "fc.weight", 1), -2 + 0.1 * 2 / (3.16227766016838 + 1e-6) + 0.1 * 0.2, 1e-12);
    bench_close(&b);
}

FV_TEST(optim_training__clips_by_value) {
    bench b = bench_open(FV_F64, &(fv_training_options){ .clip_value = 0.15 });
    bench_step(&b, 0, 1);
    assert_float_equal(bench_state(&b, "fc.weight", 0), 1 - 0.1 * 0.1, 1e-12);
    assert_float_equal(bench_state(&b, "fc.weight", 1), -2 + 0.1 * 0.15, 1e-12);
    bench_close(&b);
}

/* ---- averages ---- */

FV_TEST(optim_training__averages_weights_with_a_ramp) {
    bench b = bench_open(FV_F64, &(fv_training_options){ .ema_decay = 0.15 });
    double average = 0;
    for (int s = 0; s < 3; s++) {
        double ramp = (double)s / (s + 10), kept = ramp < 0.15 ? ramp : 0.15; /* 0, 1/11, 0.15 */
        bench_step(&b, s, 1);
        average = kept * average + (1 - kept) * bench_state(&b, "fc.weight", 1);
        assert_float_equal(bench_state(&b, "fc.weight.ema", 1), average, 1e-12);
    }
    bench_close(&b);
}

FV_TEST(optim_training__averages_running_statistics_but_no_counters) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 1, 1, 1));
    fv_value y = fv_layer_apply(g, "bn", x, "batch_norm momentum=0.5");
    fv_value loss = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "square", FV_VALUES(y), NULL)), NULL);
    fv_training_step(g, loss, &(fv_training_options){ .ema_decay = 0.9 });
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 0));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    fv_tensor_store(fv_plan_feed(plan, "x"), 0, 3);
    fv_tensor_store(fv_plan_feed(plan, "x"), 1, 5);
    fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, 0.1);
    fv_tensor_store(fv_plan_feed(plan, "step"), 0, 1);
    FV_OK(fv_plan_run(plan));
    assert_float_equal(fv_tensor_load(fv_weights_find(weights, "bn.running_mean"), 0), 2, 1e-6);
    assert_float_equal(fv_tensor_load(fv_weights_find(weights, "bn.running_mean.ema"), 0), 2, 1e-6);
    assert_float_equal(fv_tensor_load(fv_weights_find(weights, "bn.running_var.ema"), 0), 0.5 * 1 + 0.5 * 2, 1e-6);
    assert_float_equal(fv_tensor_load(fv_weights_find(weights, "bn.num_batches_tracked"), 0), 1, 0);
    assert_null(fv_weights_find(weights, "bn.num_batches_tracked.ema"));
}

/* ---- gradients of several batches ---- */

/* One step on 4 pictures, and one on 1 and 3 of them whose gradients are added up: the same weights. */
typedef struct split_step {
    fv_graph *step, *apply;
    fv_weights *weights;
    fv_plan *plans[3]; /* of the step on 4, or on 1 and 3; the last is the update */
} split_step;

static const double pictures[4 * 2] = { 1, 2, -1, 0.5, 3, -2, 0.25, 1 };

static fv_plan *plan_for(split_step *s, int64_t batch) {
    FV_OWNED(fv_graph) graph = NULL;
    fv_plan *plan = NULL;
    FV_OK(fv_graph_with_batch(s->step, batch, &graph));
    FV_OK(fv_plan_new(graph, s->weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    return plan;
}

static split_step split_open(const fv_training_options *options, bool gather) {
    split_step s = { 0 };
    FV_OK(fv_graph_new(&s.step));
    FV_OK(fv_graph_new(&s.apply));
    FV_OK(fv_weights_new(&s.weights));
    fv_value x = fv_graph_input(s.step, "x", fv_type_of(FV_F64, 4, 2));
    fv_value w = fv_graph_state(s.step, "w", fv_type_of(FV_F64, 3, 2), FV_PARAMETER, "kaiming_normal");
    fv_graph_state(s.step, "frozen", fv_type_of(FV_F64, 2), FV_PARAMETER, NULL);
    fv_value y = fv_apply(s.step, "tanh", FV_VALUES(fv_apply(s.step, "linear", FV_VALUES(x, w), NULL)), NULL);
    fv_value loss = fv_apply(s.step, "mean", FV_VALUES(fv_apply(s.step, "square", FV_VALUES(y), NULL)), NULL);
    if (gather) {
        fv_training_gather(s.step, loss, options);
        FV_OK(fv_graph_error(s.step));
        fv_training_apply(s.apply, s.step, options);
        FV_OK(fv_graph_error(s.apply));
        FV_OK(fv_initialize(s.apply, s.weights, 3));
    } else {
        fv_training_step(s.step, loss, options);
        FV_OK(fv_graph_error(s.step));
    }
    FV_OK(fv_initialize(s.step, s.weights, 3));
    s.plans[0] = plan_for(&s, gather ? 1 : 4);
    if (!gather) return s;
    s.plans[1] = plan_for(&s, 3);
    FV_OK(fv_plan_new(s.apply, s.weights, &(fv_plan_options){ .mode = FV_TRAINING }, &s.plans[2]));
    return s;
}

static void split_run(fv_plan *plan, int first, int count, int number) {
    fv_tensor *x = fv_plan_feed(plan, "x"), *step = fv_plan_feed(plan, "step"), *share = fv_plan_feed(plan, "share");
    fv_tensor *rate = fv_plan_feed(plan, "learning_rate");
    for (int i = 0; x && i < 2 * count; i++) fv_tensor_store(x, i, pictures[2 * first + i] * (1 + number));
    if (step) fv_tensor_store(step, 0, number + 1);
    if (rate) fv_tensor_store(rate, 0, 0.1);
    if (share) fv_tensor_store(share, 0, count / 4.0);
    FV_OK(fv_plan_run(plan));
}

static void split_close(split_step *s) {
    for (int i = 0; i < 3; i++) fv_plan_free(s->plans[i]);
    fv_weights_free(s->weights);
    fv_graph_free(s->step);
    fv_graph_free(s->apply);
}

FV_TEST(optim_training__gradients_of_several_batches_make_the_step_of_all) {
    static const char *const groups[] = { "frozen lr_scale=0" };
    fv_training_options options = {
        .optimizer = "adamw weight_decay=0.1", .clip_norm = 0.2, .ema_decay = 0.5, .groups = groups, .group_count = 1
    };
    split_step whole = split_open(&options, false), parts = split_open(&options, true);
    for (int number = 0; number < 3; number++) {
        split_run(whole.plans[0], 0, 4, number);
        split_run(parts.plans[0], 0, 1, number);
        split_run(parts.plans[1], 1, 3, number);
        split_run(parts.plans[2], 0, 0, number);
        static const char *const names[] = { "w", "w.ema", "w.exp_avg" };
        for (int n = 0; n < 3; n++) {
            const fv_tensor *a = fv_weights_find(whole.weights, names[n]), *b = fv_weights_find(parts.weights, names[n]);
            for (int i = 0; i < 6; i++) assert_float_equal(fv_tensor_load(a, i), fv_tensor_load(b, i), 1e-12);
        }
        for (int i = 0; i < 6; i++) assert_true(fv_tensor_load(fv_weights_find(parts.weights, "w.gradient"), i) == 0);
        assert_null(fv_weights_find(parts.weights, "frozen.gradient"));
    }
    split_close(&whole);
    split_close(&parts);
}

FV_TEST(optim_training__lookahead_leads_back_to_slow_weights) {
    bench b = bench_open(FV_F64, &(fv_training_options){ .optimizer = "sgd" });
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&graph));
    fv_lookahead(graph, b.graph);
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_initialize(graph, b.weights, 0));
    FV_OK(fv_plan_new(graph, b.weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    const double kept[3] = { 0, 0.5, 0.75 };
    double slow = 0;
    for (int s = 0; s < 3; s++) {
        bench_step(&b, s, 1);
        slow = kept[s] * slow + (1 - kept[s]) * bench_state(&b, "fc.weight", 1);
        fv_tensor_store(fv_plan_feed(plan, "kept"), 0, kept[s]);
        FV_OK(fv_plan_run(plan));
        assert_float_equal(bench_state(&b, "fc.weight", 1), slow, 1e-12);
        assert_float_equal(bench_state(&b, "fc.weight.slow", 1), slow, 1e-12);
    }
    bench_close(&b);
}

/* ---- rules ---- */

static fv_parameter_rule half_and_pulled(const void *context, const char *parameter) {
    if (strstr(parameter, ".bias")) return (fv_parameter_rule){ .rate_scale = *(const double *)context };
    return (fv_parameter_rule){ .rate_scale = 1, .pull = 0.5, .keeps_rows = true };
}

FV_TEST(optim_training__a_rule_scales_rates_freezes_and_pulls_to_the_start) {
    double half = 0.5, frozen = 0;
    fv_training_options options = { .optimizer = "sgd weight_decay=0.25", .rule = half_and_pulled, .rule_context = &half };
    bench b = bench_open(FV_F64, &options);
    const double start[BENCH_N] = { 3, 0, -1 };
    for (int i = 0; i < BENCH_N; i++) fv_tensor_store(fv_weights_find(b.weights, "fc.weight.start"), i, start[i]);
    fv_tensor_store(fv_weights_find(b.weights, "fc.weight.learns"), 0, 1);
    bench_step(&b, 0, 1);
    for (int i = 0; i < BENCH_N; i++) {
        double w = bench_start[i], g = bench_gradients[0][i];
        assert_float_equal(bench_state(&b, "fc.weight", i), w - 0.1 * (g + 0.5 * (w - start[i])), 1e-12);
        assert_float_equal(bench_state(&b, "fc.bias", i), w - 0.05 * (g + 0.25 * w), 1e-12);
    }
    fv_tensor_store(fv_weights_find(b.weights, "fc.weight.learns"), 0, 0); /* the only row */
    double before = bench_state(&b, "fc.weight", 1);
    bench_step(&b, 1, 1);
    assert_true(bench_state(&b, "fc.weight", 1) == before);
    bench_close(&b);
    options.rule_context = &frozen;
    b = bench_open(FV_F64, &options);
    bench_step(&b, 0, 1);
    assert_true(bench_state(&b, "fc.bias", 0) == bench_start[0]);
    bench_close(&b);
}
