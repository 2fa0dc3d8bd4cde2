/* evaluation.c - the pass that turns a training graph into one that answers: batch norm by running statistics, no dropout, no
 * assigns. Nothing in training mode. */
#include "core/base/fields.h"
#include "core/ops/batch_norm.h"
#include "core/plan/plan.h"

/* batch_norm(x, scale, bias, mean, var) and its inference form take the same inputs in the same order. */
static void infer_norm(fv_graph *graph, fv_node *node) {
    const fv_batch_norm_options *options = node->options;
    fv_graph_name_after(graph, node->name, "inference");
    fv_value y = fv_apply(graph, "batch_norm_inference", node->inputs, node->input_count, "epsilon=%.17g", options->epsilon);
    static const char *const activations[] = { [FV_NORM_RELU] = "relu", [FV_NORM_RELU6] = "relu6" };
    if (options->activation != FV_NORM_PLAIN) y = fv_apply(graph, activations[options->activation], FV_VALUES(y), NULL);
    fv_graph_replace(graph, fv_node_value(node, 0), y);
}

fv_error *fv_pass_evaluation(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_EVALUATION) return NULL;
    int32_t kept = 0, count = graph->count;
    for (int32_t n = 0; n < count; n++) {
        fv_node *node = graph->nodes[n];
        if (fv_node_is(node, "batch_norm")) infer_norm(graph, node);
        if (fv_node_is(node, "dropout")) fv_graph_replace(graph, fv_node_value(node, 0), node->inputs[0]);
    }
    FV_TRY(graph->error ? fv_graph_error(graph) : NULL);
    /* Drop the assigns: nothing reads them, so the nodes behind them only move up. */
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node *node = graph->nodes[n];
        if (!(node->op->flags & FV_OP_EFFECT)) graph->nodes[kept++] = node;
    }
    return fv_graph_compact(graph, kept);
}
