/* fuse_norm.c - the pass that joins a batch norm and the ReLU or ReLU6 behind it (training only), and their gradients. The
 * gradient computes again where the activation has a slope, from what the norm's own gradient reads anyway: neither the norm's
 * result nor the masked gradient is ever in memory. The bits are those of the single ops.
 *
 *   relu(batch_norm(x))                                        → batch_norm(x) activation=relu
 *   batch_norm_grad(x, …, where(less_equal(relu, 0), 0, dy))   → batch_norm_grad(x, …, dy, bias) activation=relu */
#include "core/base/assert.h"
#include "core/ops/batch_norm.h"
#include "core/plan/plan.h"

static int activation_of(const fv_node *node) {
    if (fv_node_is(node, "relu")) return FV_NORM_RELU;
    return fv_node_is(node, "relu6") ? FV_NORM_RELU6 : FV_NORM_PLAIN;
}

/* The norm whose result only `activation` reads, or NULL. */
static const fv_node *norm_before(const fv_graph *graph, const fv_node *activation, int32_t *const *uses) {
    const fv_node *norm = fv_node_of(graph, activation->inputs[0]);
    if (!fv_node_is(norm, "batch_norm") || activation->inputs[0].output != 0 || uses[norm->index][0] != 1) return NULL;
    return ((const fv_batch_norm_options *)norm->options)->activation == FV_NORM_PLAIN ? norm : NULL;
}

/* The gradient of a norm whose dy is that of an activation right behind it. */
static void fuse_gradient(fv_graph *graph, const fv_node *grad, int32_t *const *uses) {
    const fv_node *where = fv_node_of(graph, grad->inputs[4]);
    fv_value y;
    int kind;
    if (grad->input_count != 5 || !fv_plan_is_mask(graph, where, &y, &kind) || uses[where->index][0] != 1) return;
    const fv_node *activation = fv_node_of(graph, y);
    const fv_node *norm = activation_of(activation) == kind ? norm_before(graph, activation, uses) : NULL;
    if (!norm || !fv_same_value(grad->inputs[2], fv_node_value(norm, 1)) || !fv_same_value(grad->inputs[0], norm->inputs[0]))
        return;
    const fv_value inputs[] = { grad->inputs[0], grad->inputs[1],  grad->inputs[2],
                                grad->inputs[3], where->inputs[2], norm->inputs[2] };
    fv_batch_norm_options options = { .activation = activation_of(activation) };
    fv_graph_name_after(graph, grad->name, "fused");
    fv_value fused = fv_graph_add(graph, grad->op, inputs, FV_COUNT(inputs), &options, NULL);
    for (int k = 0; k < grad->output_count; k++) fv_graph_replace(graph, fv_node_value(grad, k), fv_output_of(fused, k));
}

static void fuse_forward(fv_graph *graph, const fv_node *activation, const fv_node *norm) {
    fv_batch_norm_options options = *(const fv_batch_norm_options *)norm->options;
    options.activation = activation_of(activation);
    fv_graph_name_after(graph, norm->name, "fused");
    fv_value fused = fv_graph_add(graph, norm->op, norm->inputs, norm->input_count, &options, NULL);
    for (int k = 1; k < norm->output_count; k++) fv_graph_replace(graph, fv_node_value(norm, k), fv_output_of(fused, k));
    fv_graph_replace(graph, fv_node_value(activation, 0), fused);
}

/* Gradients first: they are known by the activation, which then goes. */
fv_error *fv_pass_fuse_norm(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_TRAINING) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **uses = NULL, count = graph->count;
    FV_TRY(fv_arena_new("fusing norms", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &uses));
    for (int32_t n = 0; n < count && !graph->error; n++)
        if (fv_node_is(graph->nodes[n], "batch_norm_grad")) fuse_gradient(graph, graph->nodes[n], uses);
    for (int32_t n = 0; n < count && !graph->error; n++) {
        const fv_node *node = graph->nodes[n], *norm = activation_of(node) ? norm_before(graph, node, uses) : NULL;
        if (norm) fuse_forward(graph, node, norm);
    }
    return NULL;
}
