/* activation.c - an elementwise non-linearity, by name. */
#include "layers/layer.h"

typedef struct activation_options {
    int kind;
} activation_options;

static const char *const ops[] = { "relu", "relu6", "gelu", "silu", "hard_swish", "sigmoid", "tanh", "softplus" };
static const fv_field fields[] = { FV_FIELD(activation_options, kind, .by_default = "relu",
                                            .names = "relu,relu6,gelu,silu,hard_swish,sigmoid,tanh,softplus",
                                            .help = "the function"),
                                   FV_FIELDS_END };

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *raw) {
    const activation_options *o = raw;
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, ops[o->kind], FV_VALUES(x), NULL);
}

static const char *const cases[] = { "f32[2,3] -> f32[2,3]", "f32[2,3,3,4] kind=hard_swish -> f32[2,3,3,4]", NULL };

const fv_layer fv_layer_activation = {
    .name = "activation",
    .summary = "elementwise non-linearity",
    .fields = fields,
    .build = build,
    .cases = cases,
};
