/* What evaluation plans derive from weights: once for all of them, never stale, gone with the last. */
#include "core/plan/derived.h"

#include <math.h>
#include <pthread.h>

#include "core/base/assert.h"
#include "core/plan/weights.h"
#include "fovea/layers.h"
#include "tests/core/plan/passes.h"

#define NETWORK "mobilenet_v2 classes=5 size=32,32"

static fv_graph *network(const char *arch, int64_t batch) {
    FV_OWNED(fv_graph) one = NULL;
    fv_graph *graph = NULL;
    FV_OK(fv_graph_new(&one));
    fv_arch_build(one, arch, 1);
    FV_OK(fv_graph_error(one));
    FV_OK(fv_graph_with_batch(one, batch, &graph));
    return graph;
}

static fv_weights *weights_of(const char *arch) {
    FV_OWNED(fv_graph) g = network(arch, 1);
    fv_weights *weights = NULL;
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    return weights;
}

static fv_plan *plan_by(const char *arch, fv_weights *weights, int64_t batch, fv_precision precision) {
    FV_OWNED(fv_graph) g = network(arch, batch);
    fv_plan *plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION, .precision = precision }, &plan));
    return plan;
}

static fv_plan *plan_of(const char *arch, fv_weights *weights, int64_t batch) {
    return plan_by(arch, weights, batch, FV_PRECISION_F32);
}

static int64_t bytes(fv_weights *weights) { return fv_derived_bytes(fv_weights_derivations(weights)); }

/* The plan's answer is that of a plan that shares with nobody. */
static void expect_answer(const char *arch, fv_plan *plan, fv_weights *weights) {
    FV_OWNED(fv_weights) own = weights_of(arch);
    FV_OWNED(fv_plan) alone = plan_by(arch, own, fv_graph_batch(plan->graph), plan->options.precision);
    for (int64_t i = 0; i < fv_weights_count(own); i++) {
        const char *name;
        fv_tensor *to = fv_weights_at(own, i, &name, NULL);
        memcpy(to->data, fv_weights_find(weights, name)->data, (size_t)fv_type_bytes(&to->type));
    }
    fv_test_feed_x(plan);
    fv_test_feed_x(alone);
    FV_OK(fv_plan_run(plan));
    FV_OK(fv_plan_run(alone));
    const fv_tensor *a = fv_plan_result(plan, "logits"), *b = fv_plan_result(alone, "logits");
    assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
}

FV_TEST(core_plan_derived__plans_of_two_batches_share_and_give_the_bits_of_plans_alone) {
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    FV_OWNED(fv_plan) one = plan_of(NETWORK, weights, 1);
    int64_t held = bytes(weights);
    FV_OWNED(fv_plan) three = plan_of(NETWORK, weights, 3);
    assert_true(held > 1 << 20 && fv_plan_measure(one).kept == fv_plan_measure(three).kept);
    assert_int_equal(bytes(weights), held);
    assert_int_equal(one->held_count, three->held_count);
    for (int32_t i = 0; i < one->held_count; i++) assert_ptr_equal(one->held[i], three->held[i]);
    expect_answer(NETWORK, three, weights);
    expect_answer(NETWORK, one, weights);
}

FV_TEST(core_plan_derived__a_plan_that_keeps_nothing_gives_the_bits_of_one_that_does_in_less_memory) {
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    FV_OWNED(fv_graph) g = network(NETWORK, 2);
    FV_OWNED(fv_plan) plan = NULL;
    FV_OWNED(fv_plan) keeper = plan_of(NETWORK, weights, 2);
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION, .keep_nothing = true }, &plan));
    fv_plan_size mine = fv_plan_measure(plan), its = fv_plan_measure(keeper);
    assert_in_range(mine.kept, 0, its.kept / 16);
    assert_in_range(mine.block + mine.kept, 0, its.block + its.kept - 1);
    expect_answer(NETWORK, plan, weights);
    const char *name;
    fv_tensor_store(fv_weights_at(weights, 0, &name, NULL), 3, 0.5); /* it sees what has changed, told of it or not */
    expect_answer(NETWORK, plan, weights);
}

FV_TEST(core_plan_derived__what_the_batch_decides_is_not_shared) {
    const char *arch = "resnet18_cifar classes=5 size=16,16"; /* few tiles' weights are transformed where they are used */
    FV_OWNED(fv_weights) weights = weights_of(arch);
    FV_OWNED(fv_plan) one = plan_of(arch, weights, 1);
    FV_OWNED(fv_plan) many = plan_of(arch, weights, 32);
    assert_int_equal(one->step_count, many->step_count);
    for (int32_t s = 0; s < one->step_count; s++) {
        const fv_step *a = &one->steps[s], *b = &many->steps[s];
        if (!a->pack_once) continue;
        assert_true((a->derived == b->derived) == (a->kernel->packed(&a->call) == b->kernel->packed(&b->call)));
    }
    expect_answer(arch, one, weights);
}

/* Filters packed for products in f32 are none for products in bf16. */
FV_TEST(core_plan_derived__plans_of_two_precisions_give_the_bits_of_plans_alone) {
    if (fv_isa_best() < FV_ISA_AVX2) skip(); /* products in bf16 are refused */
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    FV_OWNED(fv_plan) exact = plan_of(NETWORK, weights, 1);
    int64_t held = bytes(weights), shared = 0;
    FV_OWNED(fv_plan) rounded = plan_by(NETWORK, weights, 1, FV_PRECISION_BF16_FORCED);
    FV_OWNED(fv_plan) more = plan_by(NETWORK, weights, 3, FV_PRECISION_BF16_FORCED);
    assert_true(bytes(weights) > held);
    for (int32_t i = 0; i < rounded->held_count; i++) {
        shared += rounded->held[i] == more->held[i];
        for (int32_t k = 0; k < exact->held_count; k++) /* what is folded, not what is packed for a product */
            assert_true(rounded->held[i] != exact->held[k] || !strstr(exact->held[k]->how, "conv2d@"));
    }
    assert_int_equal(shared, rounded->held_count);
    fv_plan *const all[] = { exact, rounded, more, exact };
    for (int i = 0; i < FV_COUNT(all); i++) expect_answer(NETWORK, all[i], weights);
}

FV_TEST(core_plan_derived__changed_weights_are_seen_by_every_plan) {
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    FV_OWNED(fv_plan) one = plan_of(NETWORK, weights, 1);
    FV_OWNED(fv_plan) two = plan_of(NETWORK, weights, 2);
    expect_answer(NETWORK, one, weights);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_tensor *w = fv_weights_at(weights, i, NULL, NULL);
        for (int64_t k = 0; k < fv_type_count(&w->type); k += 3) fv_tensor_store(w, k, fv_tensor_load(w, k) * 1.25);
    }
    fv_weights_changed(weights);
    expect_answer(NETWORK, two, weights); /* derives anew, */
    expect_answer(NETWORK, one, weights); /* and this one finds it done */
}

FV_TEST(core_plan_derived__what_a_training_changes_is_never_stale) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    fv_tensor *w = NULL;
    fv_type type = fv_type_of(FV_F32, 4);
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_weights_add(weights, "w", &type, FV_PARAMETER, &w));
    fv_value state = fv_graph_state(g, "w", type, FV_PARAMETER, NULL), x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 4));
    fv_graph_output(g, "y", fv_apply(g, "mul", FV_VALUES(x, fv_apply(g, "exp", FV_VALUES(state), NULL)), NULL));
    FV_OWNED(fv_plan) looks = NULL;
    FV_OWNED(fv_plan) looks_too = NULL;
    FV_OWNED(fv_plan) trains = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &looks));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &looks_too));
    fv_graph_assign(g, state, fv_apply(g, "add", FV_VALUES(state, fv_constant(g, FV_F32, 0.5)), NULL));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &trains));
    assert_true(looks->held_count > 0 && trains->held_count == 0);
    for (int step = 0; step < 3; step++) {
        float first = fv_tensor_load(w, 0) > 0 ? expf((float)fv_tensor_load(w, 0)) : 1;
        for (int k = 0; k < 2; k++) {
            fv_plan *plan = k ? looks_too : looks;
            fv_test_feed_x(plan);
            FV_OK(fv_plan_run(plan));
            assert_float_equal(fv_tensor_load(fv_plan_result(plan, "y"), 0), -first, 1e-5);
        }
        FV_OK(fv_plan_run(trains));
    }
}

FV_TEST(core_plan_derived__memory_stays_for_who_still_holds_it_and_goes_with_the_last) {
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    fv_plan *one = plan_of(NETWORK, weights, 1), *two = plan_of(NETWORK, weights, 2);
    FV_OK(fv_plan_run(one));
    int64_t held = bytes(weights);
    fv_plan_free(one);
    assert_int_equal(bytes(weights), held);
    expect_answer(NETWORK, two, weights);
    fv_plan_free(two);
    assert_int_equal(bytes(weights), 0);
    one = plan_of(NETWORK, weights, 1); /* and may come again */
    expect_answer(NETWORK, one, weights);
    fv_plan_free(one);
}

static void *make_and_run(void *context) {
    fv_weights *weights = context;
    fv_plan *plan = plan_of(NETWORK, weights, 1);
    fv_test_feed_x(plan);
    for (int i = 0; i < 2; i++) FV_OK(fv_plan_run(plan));
    return plan;
}

FV_TEST(core_plan_derived__threads_with_a_plan_each_find_it_made_once) {
    FV_OWNED(fv_weights) weights = weights_of(NETWORK);
    pthread_t threads[3];
    void *plans[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, make_and_run, weights), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], &plans[i]);
    for (int i = 0; i < 3; i++) {
        const fv_tensor *a = fv_plan_result(plans[i], "logits"), *b = fv_plan_result(plans[0], "logits");
        assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
    }
    expect_answer(NETWORK, plans[0], weights);
    for (int i = 0; i < 3; i++) fv_plan_free(plans[i]);
    assert_int_equal(bytes(weights), 0);
}
