/* fuse_activation.c - the pass that joins a convolution and the ReLU or ReLU6 behind it (evaluation only): the activation is
 * done to results on their way to memory, and is no pass over it of its own. The bits are those of the single ops.
 *
 *   relu(conv2d(x, w, bias))   → conv2d(x, w, bias) activation=relu */
#include "core/ops/conv2d.h"
#include "core/plan/plan.h"

static int activation_of(const fv_node *node) {
    if (fv_node_is(node, "relu")) return FV_CONV2D_RELU;
    return fv_node_is(node, "relu6") ? FV_CONV2D_RELU6 : FV_CONV2D_PLAIN;
}

static void fuse(fv_graph *graph, const fv_node *activation, const fv_node *convolution) {
    fv_conv2d_options options = *(const fv_conv2d_options *)convolution->options;
    options.activation = activation_of(activation);
    fv_graph_name_after(graph, convolution->name, "activated");
    fv_graph_replace(graph, fv_node_value(activation, 0),
                     fv_graph_add(graph, convolution->op, convolution->inputs, convolution->input_count, &options, NULL));
}

fv_error *fv_pass_fuse_activation(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_EVALUATION) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **uses = NULL, count = graph->count;
    FV_TRY(fv_arena_new("fusing activations", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &uses));
    for (int32_t n = 0; n < count && !graph->error; n++) {
        const fv_node *node = graph->nodes[n];
        if (activation_of(node) == FV_CONV2D_PLAIN) continue;
        const fv_node *before = fv_node_of(graph, node->inputs[0]);
        if (!fv_node_is(before, "conv2d") || uses[before->index][0] != 1) continue;
        if (((const fv_conv2d_options *)before->options)->activation == FV_CONV2D_PLAIN) fuse(graph, node, before);
    }
    return NULL;
}
