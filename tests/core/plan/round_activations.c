/* Activations that lie in memory as bf16: which values, how much less memory, how far from f32, the same bits by any threads and
 * in low memory. */
#include <math.h>

#include "core/base/parallel.h"
#include "tests/core/plan/passes.h"

static const fv_plan_options rounded = { .mode = FV_TRAINING, .precision = FV_PRECISION_BF16_FORCED };

static int64_t block_of(const fv_plan *plan) { return plan->block_bytes; }

/* Outputs of `op` that are bf16, and all of them. */
static int narrow_outputs(const fv_plan *plan, const char *op, int *all) {
    int narrow = 0;
    *all = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) {
        const fv_node *node = plan->graph->nodes[n];
        if (!fv_node_is(node, op)) continue;
        narrow += node->outputs[0].dtype == FV_BF16;
        ++*all;
    }
    return narrow;
}

static const char bottlenecks[] = "resnet50 classes=10 size=64,64 width=16";

FV_TEST(core_plan_round_activations__stores_what_makers_and_readers_can_in_half_the_bytes) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* products in bf16 are refused */
    FV_OWNED(fv_graph) g = fv_test_step(bottlenecks, "sgd momentum=0.9");
    FV_OWNED(fv_plan) exact = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OWNED(fv_weights) a = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 0, &exact);
    FV_OWNED(fv_weights) b = fv_test_train(g, &rounded, 0, &plan);
    int all;
    assert_true(narrow_outputs(plan, "batch_norm", &all) >= all - 1);
    assert_true(narrow_outputs(plan, "batch_norm_grad", &all) >= all - 1);
    assert_int_equal(narrow_outputs(plan, "rounded_conv2d_grad_weights", &all), 0);
    assert_int_equal(narrow_outputs(exact, "batch_norm", &all), 0);
    assert_int_equal(fv_test_count(plan, "cast"), 0); /* each is part of a chain */
    assert_true(10 * block_of(plan) < 7 * block_of(exact));
    for (int64_t i = 0; i < fv_weights_count(b); i++) {
        const char *name;
        assert_true(fv_weights_at(b, i, &name, NULL)->type.dtype != FV_BF16);
    }
    assert_int_equal(fv_plan_result(plan, "loss")->type.dtype, FV_F32);
}

FV_TEST(core_plan_round_activations__trains_within_the_rounding_of_bf16) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    FV_OWNED(fv_graph) g = fv_test_step("resnet18_cifar width=8 classes=10 size=16,16", "sgd");
    FV_OWNED(fv_plan) exact = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OWNED(fv_weights) a = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 1, &exact);
    FV_OWNED(fv_weights) b = fv_test_train(g, &rounded, 1, &plan);
    double off = 0, size = 0;
    for (int64_t i = 0; i < fv_weights_count(a); i++) {
        const char *name;
        const fv_tensor *x = fv_weights_at(a, i, &name, NULL), *y = fv_weights_find(b, name);
        for (int64_t k = 0; strstr(name, "weight") && k < fv_type_count(&x->type); k++) {
            double p = fv_tensor_load(x, k), q = fv_tensor_load(y, k);
            off += (p - q) * (p - q), size += p * p;
        }
    }
    assert_true(sqrt(off) < 0.01 * sqrt(size));
    assert_true(off > 0);
}

FV_TEST(core_plan_round_activations__trains_to_the_same_bits_on_more_threads_and_in_low_memory) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    fv_plan_options low = rounded;
    low.low_memory = true;
    FV_OWNED(fv_graph) g = fv_test_step("resnet18_cifar width=8 classes=10 size=64,64", "sgd momentum=0.9");
    FV_OWNED(fv_plan) a = NULL;
    FV_OWNED(fv_plan) b = NULL;
    int before = fv_parallel_threads();
    FV_OWNED(fv_weights) one = fv_test_train(g, &rounded, 2, &a);
    FV_OK(fv_parallel_set_threads(before + 1));
    FV_OWNED(fv_weights) two = fv_test_train(g, &low, 2, &b);
    FV_OK(fv_parallel_set_threads(before));
    assert_true(b->graph->count > a->graph->count); /* some is made again */
    assert_true(block_of(b) < block_of(a));
    fv_test_same_weights(one, two);
}

FV_TEST(core_plan_round_activations__leaves_an_evaluation_in_f32) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "resnet18_cifar width=8 classes=10 size=16,16", 2);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .precision = FV_PRECISION_BF16_FORCED, .mode = FV_EVALUATION }, &plan));
    int all;
    assert_int_equal(narrow_outputs(plan, "rounded_conv2d", &all), 0);
    assert_true(all > 0);
}
