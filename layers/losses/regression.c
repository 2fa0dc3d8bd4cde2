/* regression.c - losses of numbers: the mean over all elements of (x − t)² or |x − t|. */
#include "layers/loss.h"

static fv_value mean_of(fv_graph *graph, const char *op, fv_value x, fv_value t) {
    fv_value difference = fv_apply(graph, "sub", FV_VALUES(x, t), NULL);
    return fv_loss_mean(graph, fv_apply(graph, op, FV_VALUES(difference), NULL));
}

static fv_value build_mse(fv_graph *graph, fv_value x, fv_value t, const void *options) {
    return (void)options, mean_of(graph, "square", x, t);
}

static fv_value build_l1(fv_graph *graph, fv_value x, fv_value t, const void *options) {
    return (void)options, mean_of(graph, "abs", x, t);
}

const fv_loss fv_loss_mse = {
    .name = "mse",
    .summary = "mean squared error",
    .suits = FV_FOR_CLASSES | FV_FOR_NUMBERS,
    .takes_classes = fv_takes_numbers,
    .build = build_mse,
};
const fv_loss fv_loss_l1 = {
    .name = "l1",
    .summary = "mean absolute error",
    .suits = FV_FOR_CLASSES | FV_FOR_NUMBERS,
    .takes_classes = fv_takes_numbers,
    .build = build_l1,
};
