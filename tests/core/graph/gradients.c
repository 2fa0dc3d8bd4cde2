/* Autograd on small graphs whose derivatives are known by hand. */
#include "core/graph/node.h"
#include "fovea/plan.h"
#include "tests/test.h"

static fv_graph *new_graph(void) {
    fv_graph *graph = NULL;
    FV_OK(fv_graph_new(&graph));
    return graph;
}

static fv_value sum(fv_graph *g, fv_value x) { return fv_apply(g, "sum", FV_VALUES(x), NULL); }
static fv_value mul(fv_graph *g, fv_value a, fv_value b) { return fv_apply(g, "mul", FV_VALUES(a, b), NULL); }

/* Runs the graph with feed "x" = values and gives the result's first `count` elements. */
static void run(fv_graph *g, const double *x, int x_count, const char *result, double *out, int count) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    for (int i = 0; i < x_count; i++) fv_tensor_store(fv_plan_feed(plan, "x"), i, x[i]);
    FV_OK(fv_plan_run(plan));
    for (int i = 0; i < count; i++) out[i] = fv_tensor_load(fv_plan_result(plan, result), i);
}

static const double X[] = { 0.5, -2, 3 };

FV_TEST(core_graph_gradients__a_value_used_twice_sums_both_uses) { /* Σ x·x + x: 2x + 1 */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d;
    fv_value loss = fv_apply(g, "add", FV_VALUES(sum(g, mul(g, x, x)), sum(g, x)), NULL);
    fv_graph_gradients(g, loss, &x, 1, &d);
    fv_graph_output(g, "d", d);
    double out[3];
    run(g, X, 3, "d", out, 3);
    for (int i = 0; i < 3; i++) assert_float_equal(out[i], 2 * X[i] + 1, 1e-12);
}

FV_TEST(core_graph_gradients__broadcasting_sums_back) { /* Σ over 2×3 of x[3]·c[2,1]: Σ c */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d;
    fv_value two = fv_constant(g, FV_F64, 2), c = fv_apply(g, "broadcast_to", FV_VALUES(two), "dims=2,1");
    fv_graph_gradients(g, sum(g, mul(g, x, c)), &x, 1, &d);
    fv_graph_output(g, "d", d);
    double out[3];
    run(g, X, 3, "d", out, 3);
    for (int i = 0; i < 3; i++) assert_float_equal(out[i], 4, 1e-12);
}

FV_TEST(core_graph_gradients__views_pass_gradients_to_their_place) { /* Σ x[1:3]·x[0:2]: x1, x0 + x2, x1 */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d;
    fv_value a = fv_apply(g, "slice", FV_VALUES(x), "axes=0 begin=1 end=3"),
             b = fv_apply(g, "slice", FV_VALUES(x), "axes=0 begin=0 end=2");
    fv_graph_gradients(g, sum(g, mul(g, a, b)), &x, 1, &d);
    fv_graph_output(g, "d", d);
    double out[3];
    run(g, X, 3, "d", out, 3);
    assert_float_equal(out[0], X[1], 1e-12);
    assert_float_equal(out[1], X[0] + X[2], 1e-12);
    assert_float_equal(out[2], X[1], 1e-12);
}

FV_TEST(core_graph_gradients__stop_gradient_stops_one_path_only) { /* Σ x·stop(x): x */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d;
    fv_graph_gradients(g, sum(g, mul(g, x, fv_apply(g, "stop_gradient", FV_VALUES(x), NULL))), &x, 1, &d);
    fv_graph_output(g, "d", d);
    double out[3];
    run(g, X, 3, "d", out, 3);
    for (int i = 0; i < 3; i++) assert_float_equal(out[i], X[i], 1e-12);
}

FV_TEST(core_graph_gradients__of_gradients) { /* Σ x³: 3x², then 6x, then 6 */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d1, d2, d3;
    fv_graph_gradients(g, sum(g, mul(g, mul(g, x, x), x)), &x, 1, &d1);
    fv_graph_gradients(g, sum(g, d1), &x, 1, &d2);
    fv_graph_gradients(g, sum(g, d2), &x, 1, &d3);
    fv_graph_output(g, "d1", d1);
    fv_graph_output(g, "d2", d2);
    fv_graph_output(g, "d3", d3);
    FV_OK(fv_graph_error(g));
    double out[3];
    run(g, X, 3, "d2", out, 3);
    for (int i = 0; i < 3; i++) assert_float_equal(out[i], 6 * X[i], 1e-11);
    run(g, X, 3, "d3", out, 3);
    for (int i = 0; i < 3; i++) assert_float_equal(out[i], 6, 1e-11);
}

FV_TEST(core_graph_gradients__of_gradients_of_a_network) { /* tanh(x·w): d²/dx² = −2 tanh·(1 − tanh²)·w² for a 1×1 product */
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 1, 1)), d1, d2;
    fv_value w = fv_apply(g, "broadcast_to", FV_VALUES(fv_constant(g, FV_F64, 0.75)), "dims=1,1");
    fv_value y = fv_apply(g, "tanh", FV_VALUES(fv_apply(g, "linear", FV_VALUES(x, w), NULL)), NULL);
    fv_graph_gradients(g, sum(g, y), &x, 1, &d1);
    fv_graph_gradients(g, sum(g, d1), &x, 1, &d2);
    fv_graph_output(g, "d2", d2);
    double at = 0.5, out, t = 0.35835739835078595; /* tanh(0.375) */
    run(g, &at, 1, "d2", &out, 1);
    assert_float_equal(out, -2 * t * (1 - t * t) * 0.75 * 0.75, 1e-12);
}

FV_TEST(core_graph_gradients__no_dependence_is_no_value) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), y = fv_graph_feed(g, "y", fv_type_of(FV_F64, 3));
    fv_value wrt[] = { x, y }, d[2];
    fv_graph_gradients(g, sum(g, x), wrt, 2, d);
    FV_OK(fv_graph_error(g));
    assert_true(fv_is_value(d[0]));
    assert_false(fv_is_value(d[1]));
}

FV_TEST(core_graph_gradients__of_an_array_or_through_argmax_are_refused) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_value x = fv_graph_feed(g, "x", fv_type_of(FV_F64, 3)), d;
    fv_graph_gradients(g, x, &x, 1, &d);
    FV_FAILS(fv_graph_error(g), FV_SHAPE, "one floating-point number");
}
