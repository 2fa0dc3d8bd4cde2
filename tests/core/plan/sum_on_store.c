/* Gradients that meet at a block's input, added where a product is stored: the same bits as product, sum and mask. */
#include "core/ops/conv2d.h"
#include "tests/core/plan/passes.h"

/* Two steps by the plan without the pass and with it, which leaves `sums` nodes, `masked` of them behind an activation. */
static void check(const char *arch, int sums, int masked) {
    FV_OWNED(fv_graph) g = fv_test_step(arch, "sgd momentum=0.9");
    FV_OWNED(fv_plan) without = NULL;
    FV_OWNED(fv_plan) with = NULL;
    int before = fv_test_passes_before("sum_on_store"), found = 0;
    if (fv_isa_best() == FV_ISA_PORTABLE) sums = masked = 0; /* no kernel, no node */
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before }, 2, &without);
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before + 1 }, 2, &with);
    for (int32_t n = 0; n < with->graph->count; n++) {
        const fv_node *node = with->graph->nodes[n];
        found += fv_node_is(node, "conv2d_grad_input_sum") &&
                 ((const fv_conv2d_options *)node->options)->activation != FV_CONV2D_PLAIN;
    }
    assert_int_equal(fv_test_count(without, "conv2d_grad_input_sum"), 0);
    assert_int_equal(fv_test_count(with, "conv2d_grad_input_sum"), sums);
    assert_int_equal(found, masked);
    fv_test_same_weights(one, two);
}

/* The first block reads what max pooling made: there is no mask of its own behind the sum. */
FV_TEST(core_plan_sum_on_store__trains_to_the_same_bits_behind_an_activation) {
    check("resnet50 width=8 classes=10 size=32,32", 16, 15);
}

FV_TEST(core_plan_sum_on_store__trains_to_the_same_bits_without_one) {
    check("mobilenet_v2 classes=10 size=32,32 width=0.25", 10, 0);
}
