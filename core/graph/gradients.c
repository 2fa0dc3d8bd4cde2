/* gradients.c - reverse-mode differentiation by appended nodes (fovea/graph.h): one walk backwards over the nodes that lie
 * between `wrt` and the loss, each op's `grad` emitting what it needs. Pruning drops whatever nobody asked for. */
#include "core/graph/node.h"

#include "core/base/assert.h"

/* State of one differentiation. A node's row of `gradients` holds the gradient of each of its outputs gathered so far. */
typedef struct walk {
    fv_graph *graph;
    fv_arena *arena;
    int32_t last;         /* the loss' node: nothing behind it matters */
    bool *reaches;        /* by node: depends on one of wrt */
    fv_value **gradients; /* by node and output */
} walk;

void fv_grad_none(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    (void)graph, (void)node, (void)dy, (void)dx;
}

void fv_grad_refused(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    (void)dy, (void)dx;
    fv_graph_fail(graph, fv_fail(FV_UNSUPPORTED, "%s: op %s has no gradient", node->name, node->op->name));
}

static fv_error *prepare(walk *w, const fv_value *wrt, int count) {
    FV_TRY(fv_arena_take(w->arena, w->last + 1, &w->reaches));
    FV_TRY(fv_arena_take(w->arena, w->last + 1, &w->gradients));
    for (int i = 0; i < count; i++)
        if (fv_is_value(wrt[i]) && wrt[i].node <= w->last) w->reaches[wrt[i].node] = true;
    for (int32_t n = 0; n <= w->last; n++) {
        const fv_node *node = w->graph->nodes[n];
        for (int i = 0; i < node->input_count && !w->reaches[n]; i++)
            w->reaches[n] = w->reaches[node->inputs[i].node] && !fv_op_shape_only(node->op, i);
        FV_TRY(fv_arena_take(w->arena, node->output_count, &w->gradients[n]));
        for (int k = 0; k < node->output_count; k++) w->gradients[n][k] = FV_NO_VALUE;
    }
    return NULL;
}

static void gather(walk *w, fv_value to, fv_value gradient, const fv_node *from) {
    char want[256], have[256];
    fv_value *sum = &w->gradients[to.node][to.output];
    const fv_type *type = fv_value_type(w->graph, to);
    if (!fv_type_equal(type, fv_value_type(w->graph, gradient))) {
        fv_graph_fail(w->graph, fv_fail(FV_BUG, "%s: the gradient of op %s for %s is %s, not %s", from->name, from->op->name,
                                        fv_value_name(w->graph, to), fv_type_format(fv_value_type(w->graph, gradient), have),
                                        fv_type_format(type, want)));
        return;
    }
    *sum = fv_is_value(*sum) ? fv_apply(w->graph, "add", FV_VALUES(*sum, gradient), NULL) : gradient;
}

static fv_error *differentiate(walk *w, const fv_node *node) {
    fv_graph *graph = w->graph;
    bool wanted = false;
    for (int k = 0; k < node->output_count; k++) {
        if (!fv_is_value(w->gradients[node->index][k])) continue;
        if (!fv_op_differentiable(node->op, k))
            return fv_fail(FV_UNSUPPORTED, "%s: output %d of op %s has no gradient", node->name, k, node->op->name);
        wanted = true;
    }
    if (!wanted || node->input_count == 0) return NULL;
    fv_value *dx = NULL;
    FV_TRY(fv_arena_take(w->arena, node->input_count, &dx));
    for (int i = 0; i < node->input_count; i++) dx[i] = FV_NO_VALUE;
    int64_t pushed = fv_graph_push_scope(graph, "grad/%s.", node->name);
    node->op->grad(graph, node, w->gradients[node->index], dx);
    for (int i = 0; i < node->input_count && !graph->error; i++)
        if (fv_is_value(dx[i]) && w->reaches[node->inputs[i].node]) gather(w, node->inputs[i], dx[i], node);
    fv_graph_pop_scope(graph, pushed);
    return NULL;
}

static fv_error *run(walk *w, fv_value loss, const fv_value *wrt, int count, fv_value *gradients) {
    fv_graph *graph = w->graph;
    const fv_type *type = fv_value_type(graph, loss);
    if (!fv_is_value(loss) || fv_type_count(type) != 1 || !fv_dtype_is_float(type->dtype))
        return fv_fail(FV_SHAPE, "gradients are taken of one floating-point number, not of %s", fv_value_name(graph, loss));
    FV_TRY(prepare(w, wrt, count));
    fv_value one = fv_constant(graph, type->dtype, 1.0);
    if (type->rank > 0) one = fv_apply(graph, "expand_like", FV_VALUES(one, loss), NULL);
    w->gradients[loss.node][loss.output] = one;
    for (int32_t n = w->last; n >= 0 && !graph->error; n--)
        if (w->reaches[n]) FV_TRY(differentiate(w, graph->nodes[n]));
    for (int i = 0; i < count && !graph->error; i++)
        if (fv_is_value(wrt[i]) && wrt[i].node <= w->last) gradients[i] = w->gradients[wrt[i].node][wrt[i].output];
    return NULL;
}

void fv_graph_gradients(fv_graph *graph, fv_value loss, const fv_value *wrt, int count, fv_value *gradients) {
    for (int i = 0; i < count; i++) gradients[i] = FV_NO_VALUE;
    if (graph->error) return;
    FV_OWNED(fv_arena) arena = NULL;
    fv_error *error = fv_arena_new("differentiation", (int64_t)1 << 30, &arena);
    walk w = { .graph = graph, .arena = arena, .last = loss.node };
    if (!error) error = run(&w, loss, wrt, count, gradients);
    if (error) fv_graph_fail(graph, error);
}
