/* After the first run a plan asks for no memory, on any thread of its team: whole networks, training and evaluation. */
#include "tests/allocations.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/plan/kernel.h"
#include "fovea/layers.h"
#include "fovea/optim.h"
#include "tests/test.h"

static void feed(fv_plan *plan, const char *name, double value) {
    fv_tensor *tensor = fv_plan_feed(plan, name);
    for (int64_t i = 0, n = tensor ? fv_type_count(&tensor->type) : 0; i < n; i++) fv_tensor_store(tensor, i, value);
}

static void check(const char *arch, const char *optimizer, int64_t batch, int64_t (*allocations)(void)) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) training = NULL;
    FV_OWNED(fv_plan) evaluation = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value loss = fv_arch_with_loss(g, arch, "cross_entropy", batch);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = optimizer, .clip_norm = 1, .ema_decay = 0.9 });
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 1));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &training));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &evaluation));
    feed(training, "x", 0.5), feed(evaluation, "x", 0.5);
    feed(training, "target", 1), feed(evaluation, "target", 1);
    feed(training, "learning_rate", 1e-3), feed(training, "step", 1);
    for (int run = 0; run < 4; run++) {
        int64_t before = allocations();
        FV_OK(fv_plan_run(training));
        FV_OK(fv_plan_run(evaluation));
        if (run > 0) assert_int_equal(allocations() - before, 0);
    }
}

static void check_networks(int64_t (*allocations)(void)) {
    fv_allocations_watch();
    check("lenet classes=10", "adamw", 7, allocations);
    check("resnet18_cifar classes=10 size=16,16", "sgd momentum=0.9", 3, allocations);
    check("mobilenet_v2 classes=10 size=32,32", "adam", 3, allocations);
}

/* Not under ThreadSanitizer: core_ops_cases runs these kernels on threads. */
FV_TEST(core_plan_allocations__are_none_after_the_first_run) {
    if (fv_isa_best() == FV_ISA_PORTABLE) skip(); /* what holds there is below */
    check_networks(fv_allocations);
}

/* There all products are OpenBLAS's, whose cores for AVX-512 take memory for each small one. */
/* Not under ThreadSanitizer: core_ops_cases runs these kernels on threads. */
FV_TEST(core_plan_allocations__are_none_of_ours_on_a_cpu_without_kernels_of_its_own) {
    setenv("FOVEA_ISA", "portable", 1);
    check_networks(fv_own_allocations);
}

/* The judge itself: it sees what is asked for by us, by the C library, and on another thread. */
static void ask(void *context, int64_t unit, int thread) {
    _Atomic bool *another = context;
    void *memory = NULL;
    if (thread > 0) *another = true;
    if (unit == 1) FV_OK(fv_memory_alloc(1, 100, &memory));
    fv_memory_free(memory);
}

FV_TEST(core_plan_allocations__are_seen_when_there_are_some) {
    _Atomic bool another = false;
    fv_allocations_watch();
    /* What a new thread takes as it begins is behind us once it has worked. */
    for (int i = 0; i < 10000 && !another; i++) fv_parallel_for(2, ask, &another);
    int64_t before = fv_allocations();
    fv_parallel_for(2, ask, &another);
    assert_int_equal(fv_allocations() - before, 1);
    char *volatile text = strdup("text"); /* volatile: not left out by the compiler */
    free(text);
    assert_int_equal(fv_allocations() - before, 2);
    void *block = NULL;
    FV_OK(fv_block_alloc(1 << 22, 0, &block));
    fv_block_free(block, 1 << 22);
#ifndef FV_TEST_SANITIZED
    assert_true(fv_allocations() - before > 2);
#endif
}
