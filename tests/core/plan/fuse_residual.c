/* The ends of residual blocks as one node each: the same bits as norm, sum and activation. */
#include "core/ops/norm_residual.h"
#include "tests/core/plan/passes.h"

/* Two steps by the plan without the pass and with it, which leaves `ends` nodes, `shortcuts` of them with two norms. */
static void check(const char *arch, int ends, int shortcuts) {
    FV_OWNED(fv_graph) g = fv_test_step(arch, "sgd momentum=0.9");
    FV_OWNED(fv_plan) without = NULL;
    FV_OWNED(fv_plan) with = NULL;
    int before = fv_test_passes_before("fuse_residual"), both = 0;
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before }, 2, &without);
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before + 1 }, 2, &with);
    for (int32_t n = 0; n < with->graph->count; n++) {
        const fv_node *node = with->graph->nodes[n];
        both += fv_node_is(node, "norm_residual") && node->input_count == FV_NORM_RESIDUAL_INPUTS;
    }
    assert_int_equal(fv_test_count(without, "norm_residual"), 0);
    assert_int_equal(fv_test_count(with, "norm_residual"), ends);
    assert_int_equal(both, shortcuts);
    fv_test_same_weights(one, two);
}

FV_TEST(core_plan_fuse_residual__trains_to_the_same_bits_with_relu) {
    check("resnet18_cifar width=12 classes=10 size=16,16", 8, 3);
}

/* MobileNetV2's blocks end with the sum; at this width one more of them than at the full one. */
FV_TEST(core_plan_fuse_residual__trains_to_the_same_bits_without_an_activation) {
    check("mobilenet_v2 classes=10 size=32,32 width=0.25", 11, 0);
}
