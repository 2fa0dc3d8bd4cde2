/* flatten.c - pictures as rows [batch, height·width·channels], in NHWC order: a dense layer after it has its weight's columns
 * in that order, where PyTorch's are in CHW order. After global pooling the two agree. */
#include "layers/layer.h"

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *options) {
    (void)options;
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, "reshape", FV_VALUES(x), "dims=0,-1");
}

static const char *const cases[] = { "f32[2,3,4,5] -> f32[2,60]", "f32[3,7] -> f32[3,7]", NULL };

const fv_layer fv_layer_flatten = {
    .name = "flatten",
    .summary = "pictures as rows",
    .build = build,
    .cases = cases,
};
