/* simplify.c - the pass that takes out nodes which change nothing: identities, casts to the same dtype, reshapes to the same
 * shape, a broadcast that its only reader would do by itself, arithmetic with a neutral constant. Exact: the same bits come
 * out. */
#include "core/plan/plan.h"

static bool same_type(const fv_graph *graph, fv_value a, fv_value b) {
    return fv_type_equal(fv_value_type(graph, a), fv_value_type(graph, b));
}

/* The value of a `constant` node. */
static bool constant_is(const fv_graph *graph, fv_value value, double number) {
    const fv_node *node = fv_node_of(graph, value);
    if (!fv_node_is(node, "constant")) return false;
    const fv_field *field = fv_fields_find(node->op->fields, "value");
    return field && *(const double *)((const char *)node->options + field->offset) == number;
}

/* An input that the node gives back unchanged, or no value. x + 0 is kept: −0 + 0 is 0. */
static fv_value unchanged_input(const fv_graph *graph, const fv_node *node) {
    static const char *const same_type_ops[] = { "cast", "reshape", "reshape_like", "expand_like", "sum_like", "broadcast_to" };
    fv_value x = node->input_count ? node->inputs[0] : FV_NO_VALUE, y = fv_node_value(node, 0);
    if (fv_node_is(node, "identity") || fv_node_is(node, "stop_gradient")) return x;
    for (size_t i = 0; i < sizeof same_type_ops / sizeof *same_type_ops; i++)
        if (fv_node_is(node, same_type_ops[i]) && same_type(graph, x, y)) return x;
    if (fv_node_is(node, "mul") || fv_node_is(node, "div"))
        if (same_type(graph, x, y) && constant_is(graph, node->inputs[1], 1.0)) return x;
    if (fv_node_is(node, "mul") && same_type(graph, node->inputs[1], y) && constant_is(graph, x, 1.0)) return node->inputs[1];
    return FV_NO_VALUE;
}

/* Elementwise ops broadcast by themselves: read through an expand wherever the result keeps its shape. */
static void read_through_expand(fv_graph *graph, fv_node *node) {
    for (int i = 0; i < node->input_count; i++) {
        const fv_node *from = fv_node_of(graph, node->inputs[i]);
        if (!fv_node_is(from, "expand_like") && !fv_node_is(from, "broadcast_to")) continue;
        fv_type all = *fv_value_type(graph, from->inputs[0]);
        bool fits = true;
        for (int k = 0; k < node->input_count && fits; k++) {
            if (k == i) continue;
            fv_error *error = fv_type_broadcast(&all, fv_value_type(graph, node->inputs[k]), &all);
            fits = error == NULL;
            fv_error_free(error);
        }
        all.dtype = node->outputs[0].dtype;
        if (fits && fv_type_equal(&all, &node->outputs[0])) node->inputs[i] = from->inputs[0];
    }
}

fv_error *fv_pass_simplify(fv_graph *graph, const fv_plan_options *options) {
    (void)options;
    for (int32_t n = 0; n < graph->count; n++) {
        fv_node *node = graph->nodes[n];
        if (node->op->flags & FV_OP_ELEMENTWISE) read_through_expand(graph, node);
        fv_value x = unchanged_input(graph, node);
        if (fv_is_value(x)) fv_graph_replace(graph, fv_node_value(node, 0), x);
    }
    return NULL;
}
