/* shared: averages.c - averages of the weights as nodes: the exponential moving average of the training step, and lookahead
 * (Zhang et al., arXiv 1907.08610), a graph of its own that is run every few steps. */
#include "optim/averages.h"

#include "core/graph/node.h" /* the assigns of running statistics */

fv_value fv_cast_to(fv_graph *graph, fv_value x, fv_dtype dtype) {
    if (fv_value_type(graph, x)->dtype == dtype) return x;
    return fv_apply(graph, "cast", FV_VALUES(x), "dtype=%s", fv_dtype_name(dtype));
}

fv_value fv_slot_of(fv_graph *graph, fv_value state, const char *kind) {
    FV_TEXT(name, 4096);
    fv_text_addf(&name, "%s.%s", fv_value_name(graph, state), kind);
    fv_error *error = fv_text_error(&name);
    if (error) fv_graph_fail(graph, error);
    return fv_graph_state(graph, name.at, *fv_value_type(graph, state), FV_SLOT, NULL);
}

fv_value fv_state_as_in(fv_graph *graph, const fv_graph *from, fv_value state) {
    const fv_state_options *options = fv_node_of(from, state)->options;
    return fv_graph_state(graph, fv_value_name(from, state), *fv_value_type(from, state), (fv_role)options->role,
                          options->init);
}

static fv_value apply2(fv_graph *graph, const char *op, fv_value a, fv_value b) {
    return fv_apply(graph, op, FV_VALUES(a, b), NULL);
}

/* kept·old + taken·x; both factors are f64 scalars. */
static fv_value blend(fv_graph *graph, fv_value old, fv_value kept, fv_value x, fv_value taken) {
    fv_dtype dtype = fv_value_type(graph, old)->dtype;
    fv_value part = apply2(graph, "mul", old, fv_cast_to(graph, kept, dtype));
    return apply2(graph, "add", part, apply2(graph, "mul", x, fv_cast_to(graph, taken, dtype)));
}

static bool is_state(const fv_node *node, fv_role role) {
    return fv_node_is(node, "state") && ((const fv_state_options *)node->options)->role == (int)role &&
           fv_dtype_is_float(node->outputs[0].dtype);
}

/* ---- exponential moving average ---- */

fv_value fv_learning_rows(fv_graph *graph, fv_value learns, fv_value next, fv_value kept) {
    fv_value open = apply2(graph, "greater", learns, fv_constant(graph, fv_value_type(graph, learns)->dtype, 0));
    return fv_apply(graph, "where", FV_VALUES(open, next, kept), NULL);
}

static void average(fv_graph *graph, fv_value state, fv_value new_value, fv_value kept, fv_value taken, fv_value learns) {
    fv_value ema = fv_slot_of(graph, state, "ema");
    int64_t scope = fv_graph_push_scope(graph, "%s.", fv_value_name(graph, ema));
    fv_value both = blend(graph, ema, kept, new_value, taken);
    fv_graph_assign(graph, ema, fv_is_value(learns) ? fv_learning_rows(graph, learns, both, new_value) : both);
    fv_graph_pop_scope(graph, scope);
}

/* What is assigned to a state in this graph; the state itself where nothing is. */
static fv_value new_value_of(const fv_graph *graph, fv_value state) {
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        if (fv_node_is(node, "assign") && node->inputs[0].node == state.node) return node->inputs[1];
    }
    return state;
}

void fv_average_weights(fv_graph *graph, double decay, fv_value number, int count, const fv_value *parameters,
                        const fv_value *updated, const fv_value *learns) {
    fv_value one = fv_constant(graph, FV_F64, 1);
    fv_value ramp =
        apply2(graph, "div", apply2(graph, "sub", number, one), apply2(graph, "add", number, fv_constant(graph, FV_F64, 9)));
    fv_value kept = apply2(graph, "minimum", ramp, fv_constant(graph, FV_F64, decay));
    fv_value taken = apply2(graph, "sub", one, kept);
    for (int i = 0; i < count; i++) average(graph, parameters[i], updated[i], kept, taken, learns[i]);
    for (int32_t n = 0, nodes = graph->count; n < nodes; n++) {
        if (!is_state(graph->nodes[n], FV_BUFFER)) continue;
        fv_value buffer = fv_node_value(graph->nodes[n], 0), new_value = new_value_of(graph, buffer);
        if (!fv_same_value(buffer, new_value)) average(graph, buffer, new_value, kept, taken, FV_NO_VALUE);
    }
}

/* ---- lookahead ---- */

static void look_back(fv_graph *graph, fv_value fast, fv_value kept, fv_value taken) {
    fv_value slow = fv_slot_of(graph, fast, "slow");
    int64_t scope = fv_graph_push_scope(graph, "%s.", fv_value_name(graph, slow));
    fv_value both = blend(graph, slow, kept, fast, taken);
    fv_graph_assign(graph, slow, both);
    fv_graph_assign(graph, fast, both);
    fv_graph_pop_scope(graph, scope);
}

void fv_lookahead(fv_graph *graph, const fv_graph *step) {
    fv_value kept = fv_graph_feed(graph, "kept", fv_type_of(FV_F64));
    fv_value taken = apply2(graph, "sub", fv_constant(graph, FV_F64, 1), kept);
    for (int32_t n = 0; n < step->count; n++) {
        const fv_node *node = step->nodes[n];
        if (is_state(node, FV_PARAMETER) || is_state(node, FV_BUFFER))
            look_back(graph, fv_state_as_in(graph, step, fv_node_value(node, 0)), kept, taken);
    }
}
