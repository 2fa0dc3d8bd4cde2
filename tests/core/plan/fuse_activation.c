/* A convolution and the activation behind it as one node: the same bits as two. */
#include "core/ops/conv2d.h"
#include "fovea/layers.h"
#include "tests/core/plan/passes.h"

static int fused_nodes(const fv_plan *plan) {
    int count = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        count += fv_node_is(node, "conv2d") && ((const fv_conv2d_options *)node->options)->activation != FV_CONV2D_PLAIN;
    }
    return count;
}

static void check(const char *arch, int fused) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, arch, 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    int before = fv_test_passes_before("fuse_activation");
    FV_OWNED(fv_plan) two = fv_test_answer(g, weights, before);
    FV_OWNED(fv_plan) one = fv_test_answer(g, weights, before + 1);
    assert_int_equal(fused_nodes(two), 0);
    assert_int_equal(fused_nodes(one), fused);
    assert_int_equal(fv_test_count_named(one, "conv2d", ".activated"), fused);
    const fv_tensor *a = fv_plan_result(one, "logits"), *b = fv_plan_result(two, "logits");
    assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
}

FV_TEST(core_plan_fuse_activation__gives_the_bits_of_single_ops_with_relu) { check("resnet18_cifar classes=5 size=16,16", 9); }
FV_TEST(core_plan_fuse_activation__gives_the_bits_of_single_ops_with_relu6) { check("mobilenet_v2 classes=5 size=32,32", 35); }

/* A network's own node may be called what the pass would call its. */
FV_TEST(core_plan_fuse_activation__takes_another_name_where_one_is_taken) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_parse("x = input dtype=f32 dims=1,4,4,2 -> f32[1,4,4,2]\n"
                         "w = state dtype=f32 dims=3,1,1,2 init=ones -> f32[3,1,1,2]\n"
                         "c = conv2d(x, w) -> f32[1,4,4,3]\n"
                         "c.activated = relu(c) -> f32[1,4,4,3]\n"
                         "output y = c.activated\n",
                         "taken", &g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    assert_int_equal(fused_nodes(plan), 1);
    assert_int_equal(fv_test_count_named(plan, "conv2d", ".activated_2"), 1);
}
