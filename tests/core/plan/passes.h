/* passes.h - plans by some of the optional passes, for tests that compare what a pass leaves with what it found. */
#ifndef FV_TESTS_PLAN_PASSES_H
#define FV_TESTS_PLAN_PASSES_H

#include <string.h>

#include "core/plan/plan.h"
#include "fovea/layers.h"
#include "fovea/optim.h"
#include "tests/test.h"

/* Optional passes in front of `name`. */
static inline int fv_test_passes_before(const char *name) {
    int count = 0;
    for (int i = 0; strcmp(fv_passes[i].name, name) != 0; i++) count += !fv_passes[i].required;
    return count;
}

/* The feed `x` is numbers from −1 on that do not repeat for a while. */
static inline void fv_test_feed_x(fv_plan *plan) {
    fv_tensor *x = fv_plan_feed(plan, "x");
    for (int64_t i = 0; i < fv_type_count(&x->type); i++) fv_tensor_store(x, i, (double)(i * 7919 % 1009) / 500 - 1);
}

/* An evaluation by the first `passes` of the optional passes, run on that. */
static inline fv_plan *fv_test_answer(const fv_graph *g, fv_weights *weights, int passes) {
    fv_plan *plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION, .passes = passes }, &plan));
    fv_test_feed_x(plan);
    FV_OK(fv_plan_run(plan));
    return plan;
}

/* Nodes of `op` in a plan. */
static inline int fv_test_count(const fv_plan *plan, const char *op) {
    int count = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) count += fv_node_is(plan->graph->nodes[n], op);
    return count;
}

/* Nodes of `op` in a plan that a pass made and named by `ending`. */
static inline int fv_test_count_named(const fv_plan *plan, const char *op, const char *ending) {
    int count = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        size_t length = strlen(node->name), tail = strlen(ending);
        count += fv_node_is(node, op) && length > tail && !strcmp(node->name + length - tail, ending);
    }
    return count;
}

/* `steps` steps of the plan on the same pictures, at a rate of 0.05. */
static inline void fv_test_run_steps(fv_plan *plan, int steps) {
    fv_test_feed_x(plan);
    fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, 0.05);
    for (int step = 1; step <= steps; step++) {
        if (fv_plan_feed(plan, "step")) fv_tensor_store(fv_plan_feed(plan, "step"), 0, step);
        FV_OK(fv_plan_run(plan));
    }
}

/* The graph of a training step on six pictures. */
static inline fv_graph *fv_test_step(const char *arch, const char *optimizer) {
    fv_graph *g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value loss = fv_arch_with_loss(g, arch, "cross_entropy", 6);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = optimizer });
    FV_OK(fv_graph_error(g));
    return g;
}

/* The weights after `steps` such steps from the same first ones; *plan is what ran them, and the caller's. */
static inline fv_weights *fv_test_train(const fv_graph *g, const fv_plan_options *options, int steps, fv_plan **plan) {
    fv_weights *weights = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_plan_new(g, weights, options, plan));
    fv_test_run_steps(*plan, steps);
    return weights;
}

/* Every tensor of `a` has the bits that it has in `b`. */
static inline void fv_test_same_weights(const fv_weights *a, const fv_weights *b) {
    assert_int_equal(fv_weights_count(a), fv_weights_count(b));
    for (int64_t i = 0; i < fv_weights_count(a); i++) {
        const char *name;
        const fv_tensor *one = fv_weights_at(a, i, &name, NULL), *two = fv_weights_find(b, name);
        if (memcmp(one->data, two->data, (size_t)fv_type_bytes(&one->type))) fail_msg("%s has other bits", name);
    }
}

#endif
