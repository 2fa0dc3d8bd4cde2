/* materialize.c - the pass that makes memory plain. A view whose elements do not lie in row order (a transpose, a slice of
 * columns, a broadcast) gets a copy behind it, and everybody but the copy reads that: so kernels see contiguous inputs. An
 * assign that stores one state into another stores a copy: so two states can be exchanged. Required: results of a plan are
 * contiguous, and every state is read before it is written. */
#include "core/plan/plan.h"

bool fv_view_of(const fv_node *node, const fv_tensor *x, fv_tensor *y) {
    *y = fv_tensor_of(&node->outputs[0], x->data);
    node->op->view(node->options, x, y);
    return y->data != NULL;
}

/* A copy of `value`; the caller says who reads it. */
static fv_value add_copy(fv_graph *graph, fv_value value) {
    fv_graph_name_after(graph, fv_value_name(graph, value), "copy");
    return fv_graph_add(graph, fv_op_find("copy"), &value, 1, NULL, NULL);
}

static bool is_plain(const fv_graph *graph, const fv_node *view) {
    static char anywhere[1];
    fv_tensor x = fv_tensor_of(fv_value_type(graph, view->inputs[0]), anywhere), y;
    return fv_view_of(view, &x, &y) && fv_tensor_is_contiguous(&y);
}

fv_error *fv_pass_materialize(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    int32_t count = graph->count;
    for (int32_t n = 0; n < count && !graph->error; n++) {
        fv_node *node = graph->nodes[n];
        if (!(node->op->flags & FV_OP_VIEW) || is_plain(graph, node)) continue;
        fv_value view = fv_node_value(node, 0), fresh = add_copy(graph, view);
        if (graph->error) break;
        fv_graph_replace(graph, view, fresh);
        graph->nodes[fresh.node]->inputs[0] = view;
    }
    for (int32_t n = 0; n < count && !graph->error; n++) {
        fv_node *node = graph->nodes[n];
        if (!(node->op->flags & FV_OP_EFFECT) || !fv_graph_shows_state(graph, node->inputs[1])) continue;
        fv_value fresh = add_copy(graph, node->inputs[1]);
        node->inputs[1] = fresh;
    }
    return NULL;
}
