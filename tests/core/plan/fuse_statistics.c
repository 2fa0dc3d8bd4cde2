/* Statistics that are summed where the convolution in front stores: which nodes are made, and what they train to. */
#include <math.h>
#include <stdlib.h>

#include "core/base/assert.h"
#include "tests/core/plan/passes.h"

#define PICTURES 6

/* Pixels of 32² and three convolutions of few products: a plain one with a norm and an activation, one of every second pixel
 * whose norm ends a residual block with that of a third. And one whose norm reads too little to be joined. */
static fv_graph *network(void) {
    fv_graph *g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, PICTURES, 32, 32, 7));
    fv_value y = fv_layer_apply(g, "conv1", x, "conv2d filters=48 kernel=1 bias=false");
    y = fv_apply(g, "relu", FV_VALUES(fv_layer_apply(g, "bn1", y, "batch_norm")), NULL);
    fv_value r = fv_layer_apply(g, "conv2", y, "conv2d filters=180 kernel=1 stride=2 bias=false");
    y = fv_layer_apply(g, "conv3", y, "conv2d filters=180 kernel=1 stride=2 bias=false");
    r = fv_layer_apply(g, "bn2", r, "batch_norm");
    y = fv_apply(g, "add", FV_VALUES(fv_layer_apply(g, "bn3", y, "batch_norm"), r), NULL);
    y = fv_layer_apply(g, "conv4", fv_apply(g, "relu", FV_VALUES(y), NULL), "conv2d filters=8 kernel=1 bias=false");
    y = fv_layer_apply(g, "bn4", y, "batch_norm");
    y = fv_apply(g, "square", FV_VALUES(fv_apply(g, "silu", FV_VALUES(y), NULL)), NULL);
    fv_value loss = fv_apply(g, "mean", FV_VALUES(y), NULL);
    fv_graph_output(g, "loss", loss);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = "sgd momentum=0.9" });
    FV_OK(fv_graph_error(g));
    return g;
}

/* Element by element no further apart than `most` of the tensor's largest. */
static void near(const fv_weights *a, const fv_weights *b, double most) {
    for (int64_t i = 0; i < fv_weights_count(a); i++) {
        const char *name;
        const fv_tensor *one = fv_weights_at(a, i, &name, NULL), *two = fv_weights_find(b, name);
        double largest = 0;
        for (int64_t k = 0; k < fv_type_count(&one->type); k++) largest = fmax(largest, fabs(fv_tensor_load(one, k)));
        for (int64_t k = 0; k < fv_type_count(&one->type); k++) {
            double x = fv_tensor_load(one, k), y = fv_tensor_load(two, k);
            if (!(fabs(x - y) <= most * largest)) fail_msg("%s has %.9g, not %.9g", name, y, x);
        }
    }
}

FV_TEST(core_plan_fuse_statistics__trains_to_nearly_the_same_weights) {
    int before = fv_test_passes_before("fuse_statistics"), joined = fv_isa_best() == FV_ISA_PORTABLE ? 0 : 3;
    FV_OWNED(fv_graph) g = network();
    FV_OWNED(fv_plan) without = NULL;
    FV_OWNED(fv_plan) with = NULL;
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before }, 3, &without);
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = before + 1 }, 3, &with);
    assert_int_equal(fv_test_count(without, "conv2d_statistics"), 0);
    assert_int_equal(fv_test_count(without, "batch_norm_statistics"), 2);
    assert_int_equal(fv_test_count(with, "conv2d_statistics"), joined);
    assert_int_equal(fv_test_count(with, "batch_norm_statistics"), joined ? 0 : 2);
    assert_int_equal(fv_test_count_named(with, "batch_norm_apply", ".applied"), joined ? 1 : 0);
    assert_int_equal(fv_test_count(with, "batch_norm"), joined ? 1 : 2);
    near(one, two, 1e-5);
}

/* y is made again by the product alone. */
FV_TEST(core_plan_fuse_statistics__trains_to_the_same_bits_in_low_memory) {
    FV_OWNED(fv_graph) g = network();
    FV_OWNED(fv_plan) normal = NULL;
    FV_OWNED(fv_plan) low = NULL;
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 3, &normal);
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .low_memory = true }, 3, &low);
    assert_int_equal(fv_test_count(low, "conv2d_statistics"), fv_test_count(normal, "conv2d_statistics"));
    if (fv_test_count(normal, "conv2d_statistics")) assert_true(fv_test_count_named(low, "conv2d", ".again") > 0);
    fv_test_same_weights(one, two);
}

/* What is pinned to another kernel than makes y again is kept. */
FV_TEST(core_plan_fuse_statistics__trains_to_the_same_bits_in_low_memory_by_the_reference) {
    FV_OWNED(fv_graph) g = network();
    FV_OWNED(fv_plan) normal = NULL;
    FV_OWNED(fv_plan) low = NULL;
    setenv("FOVEA_KERNEL", "conv2d_statistics:reference", 1);
    FV_OWNED(fv_weights) one = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 2, &normal);
    FV_OWNED(fv_weights) two = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .low_memory = true }, 2, &low);
    unsetenv("FOVEA_KERNEL");
    fv_test_same_weights(one, two);
}

/* Whoever says which kernel makes the convolution's result or the norm's gets it. */
FV_TEST(core_plan_fuse_statistics__leaves_kernels_that_are_told_alone) {
    static const char *const pins[] = { "conv2d:gemm", "batch_norm:rows", "batch_norm_statistics:rows",
                                        "batch_norm_apply:rows" };
    FV_OWNED(fv_graph) g = network();
    for (int i = 0; i < FV_COUNT(pins); i++) {
        FV_OWNED(fv_plan) plan = NULL;
        setenv("FOVEA_KERNEL", pins[i], 1);
        FV_OWNED(fv_weights) weights = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING }, 1, &plan);
        unsetenv("FOVEA_KERNEL");
        assert_true(fv_weights_count(weights) > 0);
        assert_int_equal(fv_test_count(plan, "conv2d_statistics"), 0);
    }
}
