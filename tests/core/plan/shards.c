/* Shards, up to the most that there may be: one picture's gradients are the same bits however many there are. */
#include "core/comm/shards.h"

#include "core/base/assert.h"
#include "tests/core/plan/passes.h"

/* One row, and a layer whose gradient is enough blocks for a team, which joins partials on the way. */
static fv_graph *network(void) {
    fv_graph *g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value y = fv_layer_apply(g, "wide", fv_graph_input(g, "x", fv_type_of(FV_F32, 1, 512)), "dense units=512");
    fv_value loss = fv_apply(g, "mean", FV_VALUES(fv_apply(g, "square", FV_VALUES(y), NULL)), NULL);
    fv_graph_output(g, "loss", loss);
    fv_training_step(g, loss, &(fv_training_options){ .optimizer = "sgd" });
    FV_OK(fv_graph_error(g));
    return g;
}

FV_TEST(core_plan_shards__any_number_of_them_is_joined) {
    static const int numbers[] = { 2, 7, 511, 512, 1000, FV_SHARDS_MAX };
    FV_OWNED(fv_graph) g = network();
    FV_OWNED(fv_plan) alone = NULL;
    FV_OWNED(fv_weights) want = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .shards = 1 }, 1, &alone);
    for (int i = 0; i < FV_COUNT(numbers); i++) {
        FV_OWNED(fv_plan) plan = NULL;
        FV_OWNED(fv_weights) have = fv_test_train(g, &(fv_plan_options){ .mode = FV_TRAINING, .shards = numbers[i] }, 1, &plan);
        fv_test_same_weights(want, have);
    }
}
