/* fold_norm.c - the pass that folds a norm by running statistics into the convolution or dense product in front of it
 * (evaluation only). With a = scale / sqrt(var + epsilon), per output channel:
 *
 *   norm(conv(x, w) + b) = conv(x, w · a) + (b − mean) · a + bias
 *
 * w · a depends on weights alone, so it is computed once, when the weights are loaded. */
#include "core/ops/batch_norm.h"
#include "core/plan/plan.h"

static bool is_product(const fv_node *node) { return fv_node_is(node, "conv2d") || fv_node_is(node, "linear"); }

static void fold(fv_graph *graph, const fv_node *norm, const fv_node *product) {
    const fv_batch_norm_options *options = norm->options;
    fv_value scale = norm->inputs[1], bias = norm->inputs[2], mean = norm->inputs[3], var = norm->inputs[4],
             weight = product->inputs[1];
    fv_dtype dtype = fv_value_type(graph, scale)->dtype;
    int64_t pushed = fv_graph_push_scope(graph, "%s.fold.", norm->name);
    fv_value epsilon = fv_constant(graph, dtype, options->epsilon);
    fv_value deviation = fv_apply(graph, "sqrt", FV_VALUES(fv_apply(graph, "add", FV_VALUES(var, epsilon), NULL)), NULL);
    fv_value a = fv_apply(graph, "div", FV_VALUES(scale, deviation), NULL);
    const char *shape = fv_value_type(graph, weight)->rank == 4 ? "dims=-1,1,1,1" : "dims=-1,1";
    fv_value column = fv_apply(graph, "reshape", FV_VALUES(a), "%s", shape);
    fv_value folded = fv_apply(graph, "mul", FV_VALUES(weight, column), NULL);
    fv_value offset = product->input_count > 2 ? fv_apply(graph, "sub", FV_VALUES(product->inputs[2], mean), NULL)
                                               : fv_apply(graph, "neg", FV_VALUES(mean), NULL);
    fv_value shift = fv_apply(graph, "add", FV_VALUES(fv_apply(graph, "mul", FV_VALUES(offset, a), NULL), bias), NULL);
    fv_graph_pop_scope(graph, pushed);
    if (graph->error) return;
    const fv_value inputs[] = { product->inputs[0], folded, shift };
    fv_graph_name_after(graph, product->name, "folded");
    fv_graph_replace(graph, fv_node_value(norm, 0), fv_graph_add(graph, product->op, inputs, 3, product->options, NULL));
}

fv_error *fv_pass_fold_norm(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_EVALUATION) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **uses = NULL, count = graph->count;
    FV_TRY(fv_arena_new("folding norms", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &uses));
    for (int32_t n = 0; n < count && !graph->error; n++) {
        const fv_node *norm = graph->nodes[n];
        if (!fv_node_is(norm, "batch_norm_inference")) continue;
        const fv_node *product = fv_node_of(graph, norm->inputs[0]);
        if (is_product(product) && uses[product->index][0] == 1) fold(graph, norm, product);
    }
    return NULL;
}
