/* materialize.c - the pass that makes memory plain: a view whose elements do not lie in row order (a transpose, a slice of
 * columns, a broadcast) gets a copy behind it, and everybody but the copy reads that. So kernels see contiguous inputs.
 * Required: results of a plan are contiguous. */
#include "core/plan/plan.h"

bool fv_view_of(const fv_node *node, const fv_tensor *x, fv_tensor *y) {
    *y = fv_tensor_of(&node->outputs[0], x->data);
    node->op->view(node->options, x, y);
    return y->data != NULL;
}

fv_error *fv_pass_materialize(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    const fv_op *copy = fv_op_find("copy");
    int32_t count = graph->count;
    for (int32_t n = 0; n < count && !graph->error; n++) {
        fv_node *node = graph->nodes[n];
        if (!(node->op->flags & FV_OP_VIEW)) continue;
        char anything;
        fv_tensor x = fv_tensor_of(fv_value_type(graph, node->inputs[0]), &anything), y;
        if (fv_view_of(node, &x, &y) && fv_tensor_is_contiguous(&y)) continue;
        fv_value view = fv_node_value(node, 0), fresh;
        const char *name = NULL;
        FV_TRY(fv_arena_format(graph->arena, &name, "%s.copy", node->name));
        fresh = fv_graph_add(graph, copy, &view, 1, NULL, name);
        if (graph->error) break;
        fv_graph_replace(graph, view, fresh);
        graph->nodes[fresh.node]->inputs[0] = view;
    }
    return NULL;
}
