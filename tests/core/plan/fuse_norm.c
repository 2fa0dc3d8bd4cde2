/* A batch norm and the activation behind it as one node: the same bits as two. */
#include "core/ops/batch_norm.h"
#include "fovea/layers.h"
#include "fovea/optim.h"
#include "tests/core/plan/passes.h"

static int fused_nodes(const fv_plan *plan, const char *op) {
    int count = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        count += fv_node_is(node, op) && ((const fv_batch_norm_options *)node->options)->activation != FV_NORM_PLAIN;
    }
    return count;
}

/* Two steps of SGD by the first `passes` of the optional passes. */
static fv_weights *train(const fv_graph *g, int passes, int *forward, int *backward) {
    FV_OWNED(fv_plan) plan = NULL;
    fv_weights *weights = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING, .passes = passes }, &plan));
    fv_test_feed_x(plan);
    fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, 0.05);
    for (int step = 1; step <= 2; step++) {
        if (fv_plan_feed(plan, "step")) fv_tensor_store(fv_plan_feed(plan, "step"), 0, step);
        FV_OK(fv_plan_run(plan));
    }
    *forward = fused_nodes(plan, "batch_norm");
    *backward = fused_nodes(plan, "batch_norm_grad");
    return weights;
}

static void check(const char *arch, int forward, int backward) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value loss = fv_arch_with_loss(g, arch, "cross_entropy", 6);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = "sgd momentum=0.9" });
    FV_OK(fv_graph_error(g));
    int fused[2], plain[2], before = fv_test_passes_before("fuse_norm");
    FV_OWNED(fv_weights) two = train(g, before, &plain[0], &plain[1]);
    FV_OWNED(fv_weights) one = train(g, before + 1, &fused[0], &fused[1]);
    assert_int_equal(plain[0] + plain[1], 0);
    assert_int_equal(fused[0], forward);
    assert_int_equal(fused[1], backward);
    for (int64_t i = 0; i < fv_weights_count(one); i++) {
        const char *name;
        const fv_tensor *a = fv_weights_at(one, i, &name, NULL), *b = fv_weights_find(two, name);
        assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
    }
}

FV_TEST(core_plan_fuse_norm__trains_to_the_same_bits_with_relu6) { check("mobilenet_v2 classes=10 size=32,32", 35, 35); }

/* A residual block's second norm has the addition behind it. */
FV_TEST(core_plan_fuse_norm__trains_to_the_same_bits_with_relu) {
    check("resnet18_cifar width=16 classes=10 size=16,16", 9, 9);
}
