/* Activations that lie in memory as bf16: which values, how much less memory, how far from f32, the same bits by any threads
 * and in low memory. */
#include <math.h>
#include <stdio.h>

#include "core/base/parallel.h"
#include "tests/core/ops/golden.h"
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

FV_TEST(core_plan_round_activations__stores_what_makers_and_readers_can) {
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
    /* In f32 what a residual block ends with is joined, which spares bytes of it too. */
    assert_true(100 * block_of(plan) < 76 * block_of(exact));
    assert_int_equal(fv_weights_count(a), fv_weights_count(b));
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

/* ---- against PyTorch's autocast: tests/golden/stored.py says what the network is ---- */

#define NUMBERS 512 /* of a weight */

static void fill(fv_tensor *tensor, uint32_t number, double low, double high) {
    for (int64_t i = 0; i < fv_type_count(&tensor->type); i++)
        fv_tensor_store(tensor, i, fv_test_golden_number(number, (uint32_t)i, low, high));
}

static const char *const names[] = { "w0", "w1", "scale0", "scale1", "bias0", "bias1" };

static fv_value norm(fv_graph *g, fv_value x, fv_value scale, fv_value bias) {
    fv_type type = *fv_value_type(g, scale);
    fv_value mean = fv_graph_feed(g, fv_type_count(&type) == 32 ? "mean0" : "mean1", type);
    fv_value var = fv_graph_feed(g, fv_type_count(&type) == 32 ? "var0" : "var1", type);
    return fv_apply(g, "batch_norm", FV_VALUES(x, scale, bias, mean, var), NULL);
}

static fv_plan *golden_plan(fv_graph *g, fv_weights *weights) {
    const fv_type types[] = { fv_type_of(FV_F32, 32, 1, 1, 16), fv_type_of(FV_F32, 16, 1, 1, 32), fv_type_of(FV_F32, 32),
                              fv_type_of(FV_F32, 16),           fv_type_of(FV_F32, 32),           fv_type_of(FV_F32, 16) };
    const double low[] = { -0.4, -0.4, 0.5, 0.5, -0.5, -0.5 }, high[] = { 0.4, 0.4, 1.5, 1.5, 0.5, 0.5 };
    fv_value w[6], d[6], x = fv_graph_input(g, "x", fv_type_of(FV_F32, 4, 6, 6, 16)),
                         r = fv_graph_input(g, "r", fv_type_of(FV_F32, 4, 6, 6, 16));
    for (int i = 0; i < 6; i++) {
        fv_tensor *tensor = NULL;
        w[i] = fv_graph_state(g, names[i], types[i], FV_PARAMETER, NULL);
        FV_OK(fv_weights_add(weights, names[i], &types[i], FV_PARAMETER, &tensor));
        fill(tensor, 2 + (uint32_t)i, low[i], high[i]);
    }
    fv_value h = fv_apply(g, "relu", FV_VALUES(norm(g, fv_apply(g, "conv2d", FV_VALUES(x, w[0]), NULL), w[2], w[4])), NULL);
    h = norm(g, fv_apply(g, "conv2d", FV_VALUES(h, w[1]), NULL), w[3], w[5]);
    h = fv_apply(g, "relu", FV_VALUES(fv_apply(g, "add", FV_VALUES(h, x), NULL)), NULL);
    fv_value loss = fv_apply(g, "mean", FV_VALUES(fv_apply(g, "mul", FV_VALUES(h, r), NULL)), NULL);
    fv_graph_gradients(g, loss, w, 6, d);
    fv_graph_output(g, "loss", loss);
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%s", names[i]);
        fv_graph_output(g, name, d[i]);
    }
    fv_plan *plan = NULL;
    FV_OK(fv_graph_error(g));
    FV_OK(fv_plan_new(g, weights, &rounded, &plan));
    fill(fv_plan_feed(plan, "x"), 0, -1, 1), fill(fv_plan_feed(plan, "r"), 1, -1, 1);
    for (int i = 0; i < 2; i++) {
        fill(fv_plan_feed(plan, i ? "mean1" : "mean0"), 8, 0, 0);
        fill(fv_plan_feed(plan, i ? "var1" : "var0"), 9, 1, 1);
    }
    FV_OK(fv_plan_run(plan));
    return plan;
}

static int64_t read_numbers(FILE *file, const char *name, double *to) {
    char found[16];
    int count = 0;
    assert_int_equal(fscanf(file, "%15s %d", found, &count), 2);
    assert_string_equal(found, name);
    assert_in_range(count, 1, NUMBERS);
    for (int i = 0; i < count; i++) assert_int_equal(fscanf(file, "%lf", &to[i]), 1);
    return count;
}

static double distance(const double *a, const double *b, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

/* No further from the truth than half again what PyTorch is, and near to PyTorch. */
FV_TEST(core_plan_round_activations__has_the_gradients_of_pytorch_s_autocast) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_weights_new(&weights));
    FV_OWNED(fv_plan) plan = golden_plan(g, weights);
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/stored.txt", "r");
    assert_non_null(file);
    int all;
    assert_true(narrow_outputs(plan, "batch_norm", &all) > 0);
    for (int i = 0; i < 6; i++) {
        double autocast[NUMBERS], exact[NUMBERS], ours[NUMBERS], zero[NUMBERS] = { 0 };
        char name[16];
        snprintf(name, sizeof name, "d%s", names[i]);
        const fv_tensor *d = fv_plan_result(plan, name);
        int64_t count = read_numbers(file, names[i], autocast);
        assert_int_equal(read_numbers(file, names[i], exact), count);
        assert_int_equal(fv_type_count(&d->type), count);
        for (int64_t k = 0; k < count; k++) ours[k] = fv_tensor_load(d, k);
        double size = distance(exact, zero, count), theirs = distance(autocast, exact, count);
        double off = distance(ours, exact, count), apart = distance(ours, autocast, count);
        if (!(off <= 1.5 * theirs && apart <= 0.02 * size))
            fail_msg("%s: %.3g of f64's norm from it, PyTorch %.3g; %.3g from PyTorch", name, off / size, theirs / size,
                     apart / size);
    }
    fclose(file);
}
