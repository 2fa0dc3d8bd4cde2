/* Norms around depthwise convolutions whose results are never in memory: the same statistics, and a training as close as sums
 * in another order are. */
#include <math.h>

#include "tests/core/plan/passes.h"

/* `steps` of SGD by the first `passes` of the optional passes, of which *joined convolutions are done with their norms. */
static fv_weights *train(const fv_graph *g, int passes, int steps, int *joined) {
    FV_OWNED(fv_plan) plan = NULL;
    fv_weights *weights = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .passes = passes }, steps, &plan);
    *joined = fv_test_count(plan, "norm_conv2d");
    assert_int_equal(fv_test_count(plan, "norm_depthwise_grad"), *joined);
    assert_int_equal(fv_test_count(plan, "batch_norm_grad_apply"), *joined);
    assert_int_equal(fv_test_count_named(plan, "norm_conv2d", ".joined"), *joined);
    assert_int_equal(fv_test_count_named(plan, "norm_depthwise_grad", ".joined"), *joined);
    return weights;
}

/* ‖a − b‖ / ‖b‖, b counting for 0.1 at least: biases in front of another norm learn nothing but what rounding leaves. */
static double difference(const fv_tensor *a, const fv_tensor *b) {
    double off = 0, norm = 0.01;
    for (int64_t i = 0; i < fv_type_count(&b->type); i++) {
        double x = fv_tensor_load(a, i), y = fv_tensor_load(b, i);
        off += (x - y) * (x - y);
        norm += y * y;
    }
    return sqrt(off / norm);
}

static void compare(const fv_graph *g, int joined, int steps, double bound) {
    int with, without, before = fv_test_passes_before("norm_on_load");
    if (fv_isa_best() == FV_ISA_PORTABLE) joined = 0; /* no kernel, no node */
    FV_OWNED(fv_weights) two = train(g, before, steps, &without);
    FV_OWNED(fv_weights) one = train(g, before + 1, steps, &with);
    assert_int_equal(without, 0);
    assert_int_equal(with, joined);
    for (int64_t i = 0; i < fv_weights_count(one); i++) {
        const char *name;
        const fv_tensor *a = fv_weights_at(one, i, &name, NULL), *b = fv_weights_find(two, name);
        bool exact = steps == 1 && strstr(name, "running_"); /* the forward pass has the same bits */
        double off = difference(a, b);
        if (!(off <= (exact ? 0 : bound))) fail_msg("%s is %.3g off, allowed %.3g", name, off, exact ? 0 : bound);
    }
}

static void check(const char *arch, int joined) {
    FV_OWNED(fv_graph) g = fv_test_step(arch, "sgd momentum=0.9");
    compare(g, joined, 1, 2e-4);
    compare(g, joined, 2, 1e-3);
}

/* Of 17 blocks the first adds what its depthwise filter reads, at this width: that has to be in memory. */
FV_TEST(core_plan_norm_on_load__joins_what_nobody_else_reads) { check("mobilenet_v2 classes=10 size=40,32 width=0.25", 16); }
