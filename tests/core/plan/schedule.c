/* Updates run as soon as their gradients are there, so that few of these are alive at once; unless all are needed first. */
#include "tests/core/plan/passes.h"

static bool is_gradient(const fv_node *node) {
    return fv_node_is(node, "conv2d_grad_weights") || fv_node_is(node, "linear_grad_weights");
}

/* The last node that reads it. */
static int32_t last_reader(const fv_graph *graph, const fv_node *node) {
    int32_t last = node->index;
    for (int32_t n = node->index + 1; n < graph->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++)
            if (graph->nodes[n]->inputs[i].node == node->index) last = n;
    return last;
}

/* The most gradients of weights that wait at once in a plan for this clipping, and how many there are. */
static int most_waiting(double clip_norm, int *all) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    int most = 0;
    *all = 0;
    FV_OK(fv_graph_new(&g));
    fv_value loss = fv_arch_with_loss(g, "resnet18_cifar width=4 classes=5 size=8,8", "cross_entropy", 2);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = "adam", .clip_norm = clip_norm });
    FV_OK(fv_graph_error(g));
    fv_weights *weights = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 0, &plan);
    const fv_graph *graph = plan->graph;
    for (int32_t at = 0; at < graph->count; at++) {
        int waiting = 0;
        for (int32_t n = 0; n <= at; n++) waiting += is_gradient(graph->nodes[n]) && last_reader(graph, graph->nodes[n]) > at;
        if (waiting > most) most = waiting;
        *all += is_gradient(graph->nodes[at]);
    }
    fv_plan_free(fv_take(&plan));
    fv_weights_free(weights);
    return most;
}

FV_TEST(core_plan_schedule__updates_follow_their_gradients_at_once) {
    int all, most = most_waiting(0, &all);
    assert_int_equal(all, 21); /* the layers with weights, of them three that halve what is passed by */
    assert_true(most <= 2);    /* a convolution's other gradient reads the weights first */
}

FV_TEST(core_plan_schedule__clipping_by_the_norm_of_all_waits_for_all) {
    int all, most = most_waiting(1, &all);
    assert_int_equal(most, all);
}
