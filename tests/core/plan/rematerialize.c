/* Training in less memory: the same bits, nothing done twice that may be done once only, and as much less as is claimed. */
#include "core/base/parallel.h"
#include "tests/core/plan/passes.h"

static int64_t block_of(const fv_plan *plan) { return fv_plan_measure(plan).block; }

/* Two steps with and without: the memory is at most `share` of what it was, `again` among the ops that are run again. */
static void check(const fv_graph *g, const char *again, double share) {
    FV_OWNED(fv_plan) normal = NULL;
    FV_OWNED(fv_plan) low = NULL;
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 2, &normal);
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .low_memory = true }, 2, &low);
    fv_test_same_weights(one, two);
    assert_int_equal(fv_test_count(normal, "batch_norm_apply"), 0);
    assert_int_equal(fv_test_count(low, "batch_norm"), fv_test_count(normal, "batch_norm"));
    assert_int_equal(fv_test_count(low, "assign"), fv_test_count(normal, "assign"));
    assert_true(fv_test_count(low, again) > fv_test_count(normal, again));
    assert_true(fv_test_count(low, again) <= 2 * fv_test_count(normal, again));
    assert_int_equal(fv_test_count_named(low, again, ".again"), fv_test_count(low, again) - fv_test_count(normal, again));
    if ((double)block_of(low) > share * (double)block_of(normal))
        fail_msg("%lld of %lld bytes, allowed are %g of them", (long long)block_of(low), (long long)block_of(normal), share);
}

FV_TEST(core_plan_rematerialize__trains_residual_blocks_to_the_same_bits_in_less_memory) {
    FV_OWNED(fv_graph) g = fv_test_step("resnet18_cifar width=8 classes=10 size=64,64", "sgd momentum=0.9");
    check(g, "conv2d", 0.55);
}

FV_TEST(core_plan_rematerialize__trains_inverted_bottlenecks_to_the_same_bits_in_half_the_memory) {
    FV_OWNED(fv_graph) g = fv_test_step("mobilenet_v2 classes=10 size=96,96 width=0.35", "sgd momentum=0.9");
    check(g, "conv2d", 0.5);
}

/* Maps of the size of the norms', and the numbers drawn are the same again. */
static fv_graph *with_dropout(void) {
    fv_graph *g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 6, 16, 16, 3));
    for (int i = 0; i < 6; i++) {
        int64_t scope = fv_graph_push_scope(g, "block%d.", i);
        x = fv_layer_apply(g, "conv", x, "conv2d filters=8 kernel=3 padding=1 bias=true");
        x = fv_apply(g, "silu", FV_VALUES(x), NULL);
        x = fv_layer_apply(g, "drop", x, "dropout rate=0.3");
        fv_graph_pop_scope(g, scope);
    }
    fv_value loss = fv_apply(g, "mean", FV_VALUES(fv_apply(g, "square", FV_VALUES(x), NULL)), NULL);
    fv_graph_output(g, "loss", loss);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = "adam" });
    FV_OK(fv_graph_error(g));
    return g;
}

FV_TEST(core_plan_rematerialize__draws_the_same_numbers_again) {
    FV_OWNED(fv_graph) g = with_dropout();
    check(g, "dropout", 0.85);
}

/* Whatever is chosen on other threads: it touches no bit. */
FV_TEST(core_plan_rematerialize__trains_to_the_same_bits_on_other_threads_and_shards) {
    const fv_plan_options normal = { .mode = FV_TRAINING, .shards = 3 };
    const fv_plan_options low = { .mode = FV_TRAINING, .shards = 3, .low_memory = true };
    FV_OWNED(fv_graph) g = fv_test_step("resnet18_cifar width=8 classes=10 size=16,16", "sgd momentum=0.9");
    FV_OWNED(fv_plan) a = NULL;
    FV_OWNED(fv_plan) b = NULL;
    int before = fv_parallel_threads();
    FV_OWNED(fv_weights) one = fv_test_train(g, &normal, 2, &a);
    FV_OK(fv_parallel_set_threads(before + 1));
    FV_OWNED(fv_weights) two = fv_test_train(g, &low, 2, &b);
    FV_OK(fv_parallel_set_threads(before));
    fv_test_same_weights(one, two);
}

/* What is rounded for the backward pass is what was rounded for the forward pass. */
FV_TEST(core_plan_rematerialize__trains_to_the_same_bits_by_products_in_bf16) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* such products are refused */
    const fv_plan_options normal = { .mode = FV_TRAINING, .precision = FV_PRECISION_BF16_FORCED };
    const fv_plan_options low = { .mode = FV_TRAINING, .precision = FV_PRECISION_BF16_FORCED, .low_memory = true };
    FV_OWNED(fv_graph) g = fv_test_step("mobilenet_v2 classes=10 size=96,96 width=0.25", "sgd momentum=0.9");
    FV_OWNED(fv_plan) a = NULL;
    FV_OWNED(fv_plan) b = NULL;
    FV_OWNED(fv_weights) one = fv_test_train(g, &normal, 2, &a);
    FV_OWNED(fv_weights) two = fv_test_train(g, &low, 2, &b);
    assert_true(fv_test_count(b, "rounded_conv2d") > fv_test_count(a, "rounded_conv2d"));
    assert_true(block_of(b) < block_of(a));
    fv_test_same_weights(one, two);
}

/* An evaluation has no backward pass, and a graph without a loss has none that is known: both are as they were. */
FV_TEST(core_plan_rematerialize__leaves_what_has_no_backward_pass) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "resnet18_cifar width=8 classes=10 size=16,16", 2);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    for (int mode = FV_TRAINING; mode <= FV_EVALUATION; mode++) {
        FV_OWNED(fv_plan) normal = NULL;
        FV_OWNED(fv_plan) low = NULL;
        FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = mode }, &normal));
        FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = mode, .low_memory = true }, &low));
        assert_int_equal(normal->graph->count, low->graph->count);
        assert_int_equal(block_of(normal), block_of(low));
    }
}

FV_TEST(core_plan_rematerialize__is_named_where_memory_does_not_do) {
    FV_OWNED(fv_graph) g = fv_test_step("resnet18_cifar width=8 classes=10 size=64,64", "sgd");
    FV_OWNED(fv_plan) low = NULL;
    FV_OWNED(fv_plan) other = NULL;
    FV_OWNED(fv_weights) weights = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .low_memory = true }, 0, &low);
    fv_plan_options options = { .mode = FV_TRAINING, .memory_cap = block_of(low) };
    FV_OWNED(fv_error) error = fv_plan_new(g, weights, &options, &other);
    assert_int_equal(fv_error_code(error), FV_MEMORY);
    assert_non_null(strstr(fv_error_hint_get(error), "memory: low"));
    options.low_memory = true;
    FV_OK(fv_plan_new(g, weights, &options, &other));
}
