/* Convolutions and linear layers on operands rounded to bf16: where, refused where it does not pay, alike for every batch. */
#include <math.h>

#include "fovea/layers.h"
#include "tests/core/plan/passes.h"

static int rounded_nodes(const fv_plan *plan) {
    int count = 0;
    for (int32_t n = 0; n < plan->graph->count; n++) count += !strncmp(plan->graph->nodes[n]->op->name, "rounded_", 8);
    return count;
}

static fv_error *plan_of(const char *arch, int64_t batch, fv_plan_options options, fv_weights *weights, fv_plan **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, arch, batch);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_initialize(g, weights, 7));
    return fv_plan_new(g, weights, &options, out);
}

static const char wide[] = "resnet50 classes=5 size=32,32";

FV_TEST(core_plan_round_products__leaves_f32_alone_and_rounds_what_is_faster) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) exact = NULL;
    FV_OWNED(fv_plan) one = NULL;
    FV_OWNED(fv_plan) many = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(plan_of(wide, 1, (fv_plan_options){ .mode = FV_EVALUATION }, weights, &exact));
    assert_int_equal(rounded_nodes(exact), 0);
    fv_plan_options options = { .mode = FV_EVALUATION, .precision = FV_PRECISION_BF16 };
    fv_error *error = plan_of(wide, 1, options, weights, &one);
    if (!fv_isa_bf16()) {
        FV_FAILS(error, FV_UNSUPPORTED, fv_isa_best() < FV_ISA_AVX2 ? "need AVX2" : "would only be slower");
        return;
    }
    FV_OK(error);
    FV_OK(plan_of(wide, 40, options, weights, &many));
    assert_in_range(rounded_nodes(one), 40, 54);
    assert_int_equal(rounded_nodes(one), rounded_nodes(many));
}

FV_TEST(core_plan_round_products__is_refused_where_no_product_is_faster) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_graph_output(g, "y", fv_apply(g, "relu", FV_VALUES(x), NULL));
    fv_plan_options options = { .mode = FV_EVALUATION, .precision = FV_PRECISION_BF16_FORCED };
    FV_FAILS(fv_plan_new(g, weights, &options, &plan), FV_UNSUPPORTED,
             fv_isa_best() < FV_ISA_AVX2 ? "need AVX2" : "no product of this network");
}

FV_TEST(core_plan_round_products__answers_within_the_rounding_of_bf16) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) exact = NULL;
    FV_OWNED(fv_plan) forced = NULL;
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    FV_OK(fv_weights_new(&weights));
    FV_OK(plan_of(wide, 2, (fv_plan_options){ .mode = FV_EVALUATION }, weights, &exact));
    fv_plan_options options = { .mode = FV_EVALUATION, .precision = FV_PRECISION_BF16_FORCED };
    FV_OK(plan_of(wide, 2, options, weights, &forced));
    assert_int_equal(rounded_nodes(forced), 54);
    fv_test_feed_x(exact), fv_test_feed_x(forced);
    FV_OK(fv_plan_run(exact));
    FV_OK(fv_plan_run(forced));
    const float *a = fv_plan_result(exact, "logits")->data, *b = fv_plan_result(forced, "logits")->data;
    double difference = 0, size = 0;
    for (int i = 0; i < 10; i++) difference += (a[i] - b[i]) * (a[i] - b[i]), size += a[i] * a[i];
    assert_true(sqrt(difference) < 0.02 * sqrt(size));
    assert_true(difference > 0);
}

FV_TEST(core_plan_round_products__rounds_linear_layers_and_their_gradients) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* such products are refused */
    const fv_plan_options options = { .mode = FV_TRAINING, .precision = FV_PRECISION_BF16_FORCED };
    FV_OWNED(fv_graph) g = fv_test_step("lenet classes=3 size=16,16", "sgd");
    FV_OWNED(fv_plan) plan = NULL;
    FV_OWNED(fv_weights) weights = fv_test_train(g, &options, 1, &plan);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const char *name;
        assert_true(fv_weights_at(weights, i, &name, NULL)->type.dtype != FV_BF16); /* the masters */
    }
    assert_true(fv_test_count(plan, "rounded_linear") > 1);
    assert_int_equal(fv_test_count(plan, "rounded_linear_grad_weights"), fv_test_count(plan, "rounded_linear"));
    assert_int_equal(fv_test_count(plan, "rounded_linear_grad_input"), fv_test_count(plan, "rounded_linear"));
    assert_int_equal(fv_test_count(plan, "linear"), 0);
}
