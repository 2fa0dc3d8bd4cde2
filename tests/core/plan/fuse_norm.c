/* A batch norm and the activation behind it as one node: the same bits as two. */
#include "core/ops/batch_norm.h"
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
    fv_weights *weights = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = passes }, 2, &plan);
    *forward = fused_nodes(plan, "batch_norm");
    *backward = fused_nodes(plan, "batch_norm_grad");
    assert_int_equal(fv_test_count_named(plan, "batch_norm", ".fused"), *forward);
    assert_int_equal(fv_test_count_named(plan, "batch_norm_grad", ".fused"), *backward);
    return weights;
}

static void check(const char *arch, int forward, int backward) {
    FV_OWNED(fv_graph) g = fv_test_step(arch, "sgd momentum=0.9");
    int fused[2], plain[2], before = fv_test_passes_before("fuse_norm");
    FV_OWNED(fv_weights) two = train(g, before, &plain[0], &plain[1]);
    FV_OWNED(fv_weights) one = train(g, before + 1, &fused[0], &fused[1]);
    assert_int_equal(plain[0] + plain[1], 0);
    assert_int_equal(fused[0], forward);
    assert_int_equal(fused[1], backward);
    fv_test_same_weights(one, two);
}

FV_TEST(core_plan_fuse_norm__trains_to_the_same_bits_with_relu6) { check("mobilenet_v2 classes=10 size=32,32", 35, 35); }

/* A residual block's second norm has the addition behind it. */
FV_TEST(core_plan_fuse_norm__trains_to_the_same_bits_with_relu) {
    check("resnet18_cifar width=16 classes=10 size=16,16", 9, 9);
}
