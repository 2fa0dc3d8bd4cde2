/* Every prefix of the pass list against the plan that runs none: one training step and one evaluation of a small network with
 * all that passes look for (norm behind convolution, chains, broadcasts, shared values, views, updates). */
#include <math.h>
#include <stdio.h>

#include "core/plan/plan.h"
#include "tests/test.h"

#define BATCH 5

static fv_value state(fv_graph *g, const char *name, fv_type type, fv_role role) {
    return fv_graph_state(g, name, type, role, NULL);
}

static fv_value norm(fv_graph *g, const char *name, fv_value x) {
    int64_t channels = fv_value_type(g, x)->dims[3], pushed = fv_graph_push_scope(g, "%s.", name);
    fv_type type = fv_type_of(FV_F32, channels);
    fv_value mean = state(g, "running_mean", type, FV_BUFFER), var = state(g, "running_var", type, FV_BUFFER);
    fv_value scale = state(g, "weight", type, FV_PARAMETER), bias = state(g, "bias", type, FV_PARAMETER);
    fv_value y = fv_apply(g, "batch_norm", FV_VALUES(x, scale, bias, mean, var), NULL);
    fv_graph_assign(g, mean, fv_output_of(y, 3));
    fv_graph_assign(g, var, fv_output_of(y, 4));
    fv_graph_pop_scope(g, pushed);
    return y;
}

/* conv-norm-relu, a residual conv-norm, pooling, a transposed view, dropout, a dense layer. */
static fv_value network(fv_graph *g) {
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, BATCH, 9, 7, 3)),
             key = fv_graph_feed(g, "rng", fv_type_of(FV_I64, 2));
    fv_value c1 = fv_apply(g, "conv2d", FV_VALUES(x, state(g, "c1.weight", fv_type_of(FV_F32, 8, 3, 3, 3), FV_PARAMETER)),
                           "stride=2,1 padding=1");
    fv_value h = fv_apply(g, "relu", FV_VALUES(norm(g, "n1", c1)), NULL);
    fv_value w2 = state(g, "c2.weight", fv_type_of(FV_F32, 8, 3, 3, 8), FV_PARAMETER),
             b2 = state(g, "c2.bias", fv_type_of(FV_F32, 8), FV_PARAMETER);
    fv_value r = norm(g, "n2", fv_apply(g, "conv2d", FV_VALUES(h, w2, b2), "padding=1"));
    h = fv_apply(g, "relu", FV_VALUES(fv_apply(g, "add", FV_VALUES(r, h), NULL)), NULL);
    h = fv_apply(g, "mul", FV_VALUES(h, fv_constant(g, FV_F32, 1)), NULL);
    h = fv_apply(g, "transpose", FV_VALUES(h), "axes=0,2,1,3");
    h = fv_apply(g, "mean", FV_VALUES(h), "axes=1,2");
    h = fv_apply(g, "dropout", FV_VALUES(h, key), "rate=0.25 stream=3");
    fv_value fc = state(g, "fc.weight", fv_type_of(FV_F32, 4, 8), FV_PARAMETER),
             bias = state(g, "fc.bias", fv_type_of(FV_F32, 4), FV_PARAMETER);
    fv_value logits = fv_apply(g, "linear", FV_VALUES(h, fc, bias), NULL);
    fv_graph_output(g, "logits", logits);
    return logits;
}

/* Momentum by hand, in two chains with a shared factor. */
static void train(fv_graph *g, fv_value logits) {
    fv_value parameters[32], gradients[32];
    fv_value y = fv_apply(g, "log_softmax", FV_VALUES(logits), NULL);
    fv_value loss = fv_apply(
        g, "neg",
        FV_VALUES(fv_apply(
            g, "mean", FV_VALUES(fv_apply(g, "mul", FV_VALUES(y, fv_graph_input(g, "t", fv_type_of(FV_F32, BATCH, 4))), NULL)),
            NULL)),
        NULL);
    fv_graph_output(g, "loss", loss);
    int count = fv_graph_states(g, FV_PARAMETER, parameters, 32);
    fv_graph_gradients(g, loss, parameters, count, gradients);
    fv_value rate = fv_graph_feed(g, "rate", fv_type_of(FV_F32));
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.momentum", fv_value_name(g, parameters[i]));
        fv_value slot = state(g, name, *fv_value_type(g, parameters[i]), FV_SLOT);
        fv_value kept = fv_apply(g, "mul", FV_VALUES(slot, fv_constant(g, FV_F32, 0.9)), NULL),
                 moved = fv_apply(g, "add", FV_VALUES(kept, gradients[i]), NULL);
        fv_graph_assign(g, slot, moved);
        fv_graph_assign(g, parameters[i],
                        fv_apply(g, "sub", FV_VALUES(parameters[i], fv_apply(g, "mul", FV_VALUES(moved, rate), NULL)), NULL));
    }
}

static void fill(fv_tensor *tensor, double phase, double base, double scale) {
    for (int64_t i = 0, n = fv_type_count(&tensor->type); i < n; i++)
        fv_tensor_store(tensor, i, base + scale * sin(1.7 * (double)i + phase));
}

static fv_weights *new_weights(const fv_graph *g) {
    fv_weights *weights = NULL;
    FV_OK(fv_weights_new(&weights));
    for (int role = 0; role <= FV_SLOT; role++) {
        fv_value states[64];
        int count = fv_graph_states(g, (fv_role)role, states, 64);
        for (int i = 0; i < count; i++) {
            fv_tensor *tensor = NULL;
            const char *name = fv_value_name(g, states[i]);
            FV_OK(fv_weights_add(weights, name, fv_value_type(g, states[i]), (fv_role)role, &tensor));
            fill(tensor, (double)i + role, strstr(name, "var") || strstr(name, "n1.weight") ? 1 : 0, role == FV_SLOT ? 0 : 0.4);
        }
    }
    return weights;
}

static void run(const fv_graph *g, fv_weights *weights, fv_mode mode, int passes, int times) {
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = mode, .passes = passes }, &plan));
    fill(fv_plan_feed(plan, "x"), 0.1, 0, 1);
    if (fv_plan_feed(plan, "t")) fill(fv_plan_feed(plan, "t"), 0.7, 0.5, 0.5);
    if (fv_plan_feed(plan, "rate")) fv_tensor_store(fv_plan_feed(plan, "rate"), 0, 0.1);
    for (int i = 0; i < times; i++) {
        if (fv_plan_feed(plan, "rng")) ((int64_t *)fv_plan_feed(plan, "rng")->data)[1] = i;
        FV_OK(fv_plan_run(plan));
    }
    const fv_tensor *logits = fv_plan_result(plan, "logits");
    fv_tensor *kept = NULL;
    FV_OK(fv_weights_add(weights, "result", &logits->type, FV_SLOT, &kept));
    memcpy(kept->data, logits->data, (size_t)fv_type_bytes(&logits->type));
}

static void compare(const fv_weights *a, const fv_weights *b, int passes, double limit) {
    for (int64_t i = 0; i < fv_weights_count(a); i++) {
        const char *name;
        const fv_tensor *x = fv_weights_at(a, i, &name, NULL), *y = fv_weights_find(b, name);
        for (int64_t k = 0, n = fv_type_count(&x->type); k < n; k++) {
            double off = fabs(fv_tensor_load(x, k) - fv_tensor_load(y, k));
            if (!(off <= limit)) fail_msg("first %d passes: %s[%d] is off by %g", passes, name, (int)k, off);
        }
    }
}

static int optional_passes(void) {
    int count = 0;
    for (int i = 0; i < fv_pass_count; i++) count += !fv_passes[i].required;
    return count;
}

FV_TEST(core_plan_passes__every_prefix_trains_like_the_unfused_plan) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    train(g, network(g));
    FV_OK(fv_graph_error(g));
    FV_OWNED(fv_weights) truth = new_weights(g);
    run(g, truth, FV_TRAINING, -1, 3);
    for (int passes = 1; passes <= optional_passes(); passes++) {
        FV_OWNED(fv_weights) weights = new_weights(g);
        run(g, weights, FV_TRAINING, passes, 3);
        compare(truth, weights, passes, 2e-5);
    }
}

FV_TEST(core_plan_passes__every_prefix_answers_like_the_unfused_plan) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    network(g);
    FV_OK(fv_graph_error(g));
    FV_OWNED(fv_weights) truth = new_weights(g);
    run(g, truth, FV_EVALUATION, -1, 1);
    for (int passes = 1; passes <= optional_passes(); passes++) {
        FV_OWNED(fv_weights) weights = new_weights(g);
        run(g, weights, FV_EVALUATION, passes, 1);
        compare(truth, weights, passes, 1e-5);
    }
}

FV_TEST(core_plan_passes__evaluation_has_no_norms_dropout_or_assigns_left) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    network(g);
    FV_OWNED(fv_weights) weights = new_weights(g);
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        assert_false(fv_node_is(node, "batch_norm") || fv_node_is(node, "batch_norm_inference") ||
                     fv_node_is(node, "dropout") || fv_node_is(node, "assign"));
    }
}

FV_TEST(core_plan_passes__updates_run_before_the_last_gradient) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    train(g, network(g));
    FV_OWNED(fv_weights) weights = new_weights(g);
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    int32_t update = -1, gradient = -1;
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        if (fv_node_is(node, "assign") && !strcmp(fv_value_name(plan->graph, node->inputs[0]), "fc.weight")) update = n;
        if (fv_node_is(node, "conv2d_grad_weights")) gradient = n;
    }
    assert_true(update > 0 && gradient > update);
}
