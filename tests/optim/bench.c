/* bench.c - see bench.h. */
#include "tests/optim/bench.h"

const double bench_start[BENCH_N] = { 1, -2, 0.5 };
const double bench_gradients[3][BENCH_N] = { { 0.1, -0.2, 0 }, { 0.3, 0.1, -0.5 }, { -0.2, 0.4, 0.1 } };

static fv_error *build(bench *b, fv_dtype dtype, const fv_training_options *options) {
    fv_graph *g = b->graph;
    fv_value gradient = fv_graph_feed(g, "g", fv_type_of(dtype, BENCH_N));
    fv_value weight = fv_graph_state(g, "fc.weight", fv_type_of(dtype, 1, BENCH_N), FV_PARAMETER, NULL);
    fv_value bias = fv_graph_state(g, "fc.bias", fv_type_of(dtype, BENCH_N), FV_PARAMETER, NULL);
    fv_value both = fv_apply(g, "add", FV_VALUES(weight, bias), NULL);
    fv_value loss = fv_apply(g, "sum", FV_VALUES(fv_apply(g, "mul", FV_VALUES(both, gradient), NULL)), NULL);
    fv_graph_output(g, "loss", loss);
    fv_training_step(g, loss, options);
    FV_TRY(fv_graph_error(g));
    FV_TRY(fv_weights_new(&b->weights));
    FV_TRY(fv_initialize(g, b->weights, 0));
    for (int i = 0; i < BENCH_N; i++) fv_tensor_store(fv_weights_find(b->weights, "fc.weight"), i, bench_start[i]);
    for (int i = 0; i < BENCH_N; i++) fv_tensor_store(fv_weights_find(b->weights, "fc.bias"), i, bench_start[i]);
    return fv_plan_new(g, b->weights, &(fv_plan_options){ .mode = FV_TRAINING }, &b->plan);
}

bench bench_open(fv_dtype dtype, const fv_training_options *options) {
    bench b = { 0 };
    FV_OK(fv_graph_new(&b.graph));
    FV_OK(build(&b, dtype, options));
    return b;
}

void bench_close(bench *b) {
    fv_plan_free(b->plan);
    fv_weights_free(b->weights);
    fv_graph_free(b->graph);
}

void bench_step(bench *b, int number, double scale) {
    for (int i = 0; i < BENCH_N; i++) fv_tensor_store(fv_plan_feed(b->plan, "g"), i, scale * bench_gradients[number][i]);
    fv_tensor_store(fv_plan_feed(b->plan, "learning_rate"), 0, 0.1);
    fv_tensor *count = fv_plan_feed(b->plan, "step"); /* pruned where nothing depends on it */
    if (count) fv_tensor_store(count, 0, number + 1);
    FV_OK(fv_plan_run(b->plan));
}

double bench_state(const bench *b, const char *name, int i) {
    const fv_tensor *tensor = fv_weights_find(b->weights, name);
    assert_non_null(tensor);
    return fv_tensor_load(tensor, i);
}

void bench_walks(const char *optimizer, const double want[3][BENCH_N]) {
    for (int dtype = FV_F32; dtype <= FV_F64; dtype++) {
        bench b = bench_open((fv_dtype)dtype, &(fv_training_options){ .optimizer = optimizer });
        for (int s = 0; s < 3; s++) {
            bench_step(&b, s, 1);
            for (int i = 0; i < BENCH_N; i++)
                assert_float_equal(bench_state(&b, "fc.weight", i), want[s][i], dtype == FV_F64 ? 1.5e-9 : 6e-7);
        }
        bench_close(&b);
    }
}

fv_error *bench_refuse(const fv_training_options *options) {
    bench b = { 0 };
    FV_OK(fv_graph_new(&b.graph));
    fv_error *error = build(&b, FV_F32, options);
    bench_close(&b);
    return error;
}
