/* Plans: what they compute, where they put it, what they refuse. */
#include <math.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/plan/plan.h"
#include "fovea/layers.h"
#include "tests/test.h"

static fv_graph *new_graph(void) {
    fv_graph *graph = NULL;
    FV_OK(fv_graph_new(&graph));
    return graph;
}

static fv_weights *new_weights(void) {
    fv_weights *weights = NULL;
    FV_OK(fv_weights_new(&weights));
    return weights;
}

static fv_tensor *add(fv_weights *weights, const char *name, fv_type type) {
    fv_tensor *tensor = NULL;
    FV_OK(fv_weights_add(weights, name, &type, FV_PARAMETER, &tensor));
    for (int64_t i = 0; i < fv_type_count(&type); i++) fv_tensor_store(tensor, i, sin(0.7 * (double)i + 1));
    return tensor;
}

static void feed(fv_plan *plan, const char *name, double scale) {
    fv_tensor *tensor = fv_plan_feed(plan, name);
    for (int64_t i = 0; i < fv_type_count(&tensor->type); i++) fv_tensor_store(tensor, i, cos(scale * (double)i));
}

FV_TEST(core_plan_plan__an_unknown_device_is_refused_by_name) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_plan *plan = NULL;
    fv_graph_output(g, "y", fv_graph_input(g, "x", fv_type_of(FV_F32, 2)));
    FV_FAILS(fv_plan_new(g, weights, &(fv_plan_options){ .device = "npu" }, &plan), FV_UNSUPPORTED, "\"npu\"");
    assert_null(plan);
}

FV_TEST(core_plan_plan__missing_and_misshapen_weights_are_named) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_plan *plan = NULL;
    fv_graph_output(g, "y", fv_graph_state(g, "fc.weight", fv_type_of(FV_F32, 2), FV_PARAMETER, NULL));
    FV_FAILS(fv_plan_new(g, weights, NULL, &plan), FV_NOT_FOUND, "fc.weight");
    add(weights, "fc.weight", fv_type_of(FV_F32, 3));
    FV_FAILS(fv_plan_new(g, weights, NULL, &plan), FV_SHAPE, "fc.weight");
}

FV_TEST(core_plan_plan__more_memory_than_the_cap_is_refused_with_the_need) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_plan *plan = NULL;
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 1 << 20));
    fv_graph_output(g, "y", fv_apply(g, "exp", FV_VALUES(x), NULL));
    FV_FAILS(fv_plan_new(g, weights, &(fv_plan_options){ .memory_cap = 1 << 20 }, &plan), FV_MEMORY, "MiB");
}

/* w ← w − 0.5·(w·m + x): one fused loop that writes the weight where it lies. */
FV_TEST(core_plan_plan__an_update_is_written_in_place_and_reads_the_old_value) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_tensor *w = add(weights, "w", fv_type_of(FV_F32, 1000));
    float old[1000];
    memcpy(old, w->data, sizeof old);
    fv_value state = fv_graph_state(g, "w", fv_type_of(FV_F32, 1000), FV_PARAMETER, NULL),
             x = fv_graph_feed(g, "x", fv_type_of(FV_F32, 1000));
    fv_value step = fv_apply(g, "add", FV_VALUES(fv_apply(g, "mul", FV_VALUES(state, x), NULL), x), NULL);
    fv_value half = fv_apply(g, "mul", FV_VALUES(step, fv_constant(g, FV_F32, 0.5)), NULL);
    fv_graph_assign(g, state, fv_apply(g, "sub", FV_VALUES(state, half), NULL));
    fv_graph_output(g, "norm", fv_apply(g, "sum", FV_VALUES(fv_apply(g, "square", FV_VALUES(state), NULL)), NULL));
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    feed(plan, "x", 0.3);
    FV_OK(fv_plan_run(plan));
    double norm = 0;
    const float *xs = fv_plan_feed(plan, "x")->data, *now = w->data;
    for (int i = 0; i < 1000; i++) {
        norm += (double)old[i] * old[i];
        assert_float_equal(now[i], old[i] - 0.5 * (old[i] * xs[i] + xs[i]), 1e-6);
    }
    assert_float_equal(fv_tensor_load(fv_plan_result(plan, "norm"), 0), norm, 1e-3); /* of the values before the run */
    for (int32_t s = 0; s < plan->step_count; s++) assert_true(plan->steps[s].kind != FV_STEP_STORE);
}

FV_TEST(core_plan_plan__two_states_exchanged_in_one_run_both_get_the_old_value) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    float *a = add(weights, "a", fv_type_of(FV_F32, 4))->data, *b = add(weights, "b", fv_type_of(FV_F32, 4))->data, old[4];
    for (int i = 0; i < 4; i++) old[i] = a[i], b[i] = 10 + (float)i;
    fv_value sa = fv_graph_state(g, "a", fv_type_of(FV_F32, 4), FV_PARAMETER, NULL),
             sb = fv_graph_state(g, "b", fv_type_of(FV_F32, 4), FV_PARAMETER, NULL);
    fv_value one = fv_constant(g, FV_F32, 1);
    fv_value nb = fv_apply(g, "mul", FV_VALUES(sa, one), NULL), na = fv_apply(g, "mul", FV_VALUES(sb, one), NULL);
    fv_graph_assign(g, sa, na);
    fv_graph_assign(g, sb, nb);
    for (int passes = -1; passes <= 0; passes++) {
        FV_OWNED(fv_plan) plan = NULL;
        FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING, .passes = passes }, &plan));
        FV_OK(fv_plan_run(plan));
        for (int i = 0; i < 4; i++) {
            assert_float_equal(a[i], passes ? 10 + i : old[i], 0);
            assert_float_equal(b[i], passes ? old[i] : 10 + i, 0);
        }
    }
}

/* y = v·(s·x) with v a view of w: the gradient of w is there, and its update could run, before that of s reads v. */
static void step_with_view(int passes, double *w_sum, double *s_sum) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    fv_tensor *w_tensor = NULL, *s_tensor = NULL;
    fv_type w_type = fv_type_of(FV_F32, 12), s_type = fv_type_of(FV_F32, 3, 1);
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_weights_add(weights, "w", &w_type, FV_PARAMETER, &w_tensor));
    FV_OK(fv_weights_add(weights, "s", &s_type, FV_PARAMETER, &s_tensor));
    for (int i = 0; i < 12; i++) fv_tensor_store(w_tensor, i, 0.25 * i - 1);
    for (int i = 0; i < 3; i++) fv_tensor_store(s_tensor, i, 1 + i);
    fv_value parameters[2] = { fv_graph_state(g, "w", w_type, FV_PARAMETER, NULL),
                               fv_graph_state(g, "s", s_type, FV_PARAMETER, NULL) };
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F32, 3, 2)), d[2];
    fv_value scaled = fv_apply(g, "mul", FV_VALUES(x, parameters[1]), NULL);
    fv_value y = fv_apply(g, "matmul", FV_VALUES(fv_apply(g, "reshape", FV_VALUES(parameters[0]), "dims=4,3"), scaled), NULL);
    fv_value loss = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "square", FV_VALUES(y), NULL)), NULL);
    fv_graph_gradients(g, loss, parameters, 2, d);
    for (int i = 0; i < 2; i++) fv_graph_assign(g, parameters[i], fv_apply(g, "sub", FV_VALUES(parameters[i], d[i]), NULL));
    FV_OK(fv_graph_error(g));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING, .passes = passes }, &plan));
    for (int i = 0; i < 6; i++) fv_tensor_store(fv_plan_feed(plan, "x"), i, 0.5 * i - 1);
    FV_OK(fv_plan_run(plan));
    *w_sum = *s_sum = 0;
    for (int i = 0; i < 12; i++) *w_sum += (1 + i) * fv_tensor_load(w_tensor, i);
    for (int i = 0; i < 3; i++) *s_sum += (1 + i) * fv_tensor_load(s_tensor, i);
}

FV_TEST(core_plan_plan__a_state_seen_through_a_view_is_read_before_its_update) {
    double w[2], s[2];
    step_with_view(-1, &w[0], &s[0]);
    step_with_view(0, &w[1], &s[1]);
    assert_float_equal(w[0], w[1], 1e-4);
    assert_float_equal(s[0], s[1], 1e-4);
}

FV_TEST(core_plan_plan__evaluation_sees_weights_that_changed) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    float *w = add(weights, "w", fv_type_of(FV_F32, 3))->data;
    fv_value state = fv_graph_state(g, "w", fv_type_of(FV_F32, 3), FV_PARAMETER, NULL),
             x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value twice = fv_apply(g, "exp", FV_VALUES(state), NULL);
    fv_graph_output(g, "y", fv_apply(g, "mul", FV_VALUES(x, twice), NULL));
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    assert_true(plan->hoisted > 0);
    feed(plan, "x", 0.5);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) w[i] = (float)(round + i);
        fv_weights_changed(weights);
        FV_OK(fv_plan_run(plan));
        FV_OK(fv_plan_run(plan));
        for (int i = 0; i < 6; i++)
            assert_float_equal(fv_tensor_load(fv_plan_result(plan, "y"), i), cos(0.5 * i) * exp(round + i % 3), 1e-4);
    }
}

FV_TEST(core_plan_plan__a_result_that_is_a_view_is_contiguous) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_graph_output(g, "t", fv_apply(g, "transpose", FV_VALUES(x), "axes=1,0"));
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    feed(plan, "x", 1);
    FV_OK(fv_plan_run(plan));
    const fv_tensor *t = fv_plan_result(plan, "t");
    assert_true(fv_tensor_is_contiguous(t));
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++) assert_float_equal(((const float *)t->data)[i * 2 + j], cos(j * 3 + i), 1e-6);
}

/* At one place in all steps, and inside the block. */
FV_TEST(core_plan_plan__what_threads_have_of_their_own_stays_where_it_is) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    int64_t most = 0, users = 0;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "mobilenet_v2 classes=5 size=32,32", 1);
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    for (int32_t s = 0; s < plan->step_count; s++) {
        const fv_step *step = &plan->steps[s];
        if (!step->own) continue;
        char *own = step->call.own, *block = plan->block;
        assert_ptr_equal(own, block + plan->buffers[plan->own].offset);
        assert_true(own + plan->threads * step->call.own_step <= block + plan->block_bytes);
        most = fv_max(most, step->own);
        users++;
    }
    if (fv_isa_best() == FV_ISA_PORTABLE) return; /* its kernels have nothing of their own */
    assert_true(users > 10);
    assert_true(plan->own_step >= most && plan->own_step % 64 == 0);
}

/* Its scratch is for one thread, whatever the team has: the team must not come into it. */
FV_TEST(core_plan_plan__a_plan_for_one_thread_is_computed_by_who_runs_it) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "mobilenet_v2 classes=5 size=32,32", 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OWNED(fv_plan) team = NULL;
    FV_OWNED(fv_plan) alone = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &team));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION, .alone = true }, &alone));
    assert_int_equal(alone->threads, 1);
    feed(team, "x", 0.2), feed(alone, "x", 0.2);
    int threads = fv_parallel_threads();
    FV_OK(fv_plan_run(team));
    FV_OK(fv_parallel_set_threads(threads + 2));
    FV_OK(fv_plan_run(alone));
    FV_OK(fv_parallel_set_threads(threads));
    const fv_tensor *a = fv_plan_result(team, "logits"), *b = fv_plan_result(alone, "logits");
    assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
}

FV_TEST(core_plan_plan__a_feed_keeps_its_content_over_runs) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 64)), y = x;
    for (int i = 0; i < 5; i++) y = fv_apply(g, "tanh", FV_VALUES(y), NULL);
    fv_graph_output(g, "y", y);
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_plan_new(g, weights, NULL, &plan));
    feed(plan, "x", 0.2);
    FV_OK(fv_plan_run(plan));
    float first = ((const float *)fv_plan_result(plan, "y")->data)[7];
    FV_OK(fv_plan_run(plan));
    assert_true(first == ((const float *)fv_plan_result(plan, "y")->data)[7]);
    assert_float_equal(fv_tensor_load(fv_plan_feed(plan, "x"), 3), cos(0.2 * 3), 1e-7);
}

FV_TEST(core_plan_plan__prints_winners_and_losers) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_weights) weights = new_weights();
    add(weights, "w", fv_type_of(FV_F32, 4, 3));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3)),
             w = fv_graph_state(g, "w", fv_type_of(FV_F32, 4, 3), FV_PARAMETER, NULL);
    fv_graph_name_next(g, "fc");
    fv_graph_output(g, "y", fv_apply(g, "linear", FV_VALUES(x, w), NULL));
    FV_OWNED(fv_plan) plan = NULL;
    char *text = NULL;
    FV_OK(fv_plan_new(g, weights, NULL, &plan));
    FV_OK(fv_plan_to_text(plan, true, &text));
    assert_non_null(strstr(text, "fc = linear(x, w)"));
    assert_non_null(strstr(text, "kernel: "));
    assert_non_null(strstr(text, "lost: "));
    fv_string_free(text);
}
