/* passes.h - plans by some of the optional passes, for tests that compare what a pass leaves with what it found. */
#ifndef FV_TESTS_PLAN_PASSES_H
#define FV_TESTS_PLAN_PASSES_H

#include <string.h>

#include "core/plan/plan.h"
#include "tests/test.h"

/* Optional passes in front of `name`. */
static inline int fv_test_passes_before(const char *name) {
    int count = 0;
    for (int i = 0; strcmp(fv_passes[i].name, name) != 0; i++) count += !fv_passes[i].required;
    return count;
}

/* The feed `x` is numbers from −1 on that do not repeat for a while. */
static inline void fv_test_feed_x(fv_plan *plan) {
    fv_tensor *x = fv_plan_feed(plan, "x");
    for (int64_t i = 0; i < fv_type_count(&x->type); i++) fv_tensor_store(x, i, (double)(i * 7919 % 1009) / 500 - 1);
}

/* An evaluation by the first `passes` of the optional passes, run on that. */
static inline fv_plan *fv_test_answer(const fv_graph *g, fv_weights *weights, int passes) {
    fv_plan *plan = NULL;
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION, .passes = passes }, &plan));
    fv_test_feed_x(plan);
    FV_OK(fv_plan_run(plan));
    return plan;
}

#endif
