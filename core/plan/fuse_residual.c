/* fuse_residual.c - the pass that makes the end of a residual block one pass over memory (training in f32 only): the norm's
 * result is neither written nor read again, nor is that of the norm by which a shortcut may go. The bits are those of the
 * single ops.
 *
 *   relu(add(batch_norm(x, …), r))               → norm_residual(x, …, r) activation=relu
 *   relu(add(batch_norm(x, …), batch_norm(z, …))) → norm_residual(x, …, z, …) activation=relu
 *   the norms' statistics                        → batch_norm_statistics(x, …)
 *
 * The activation may be ReLU6, or none. Gradients need nothing of it: they read the statistics, x, and the block's result. */
#include "core/base/assert.h"
#include "core/ops/norm_residual.h"
#include "core/plan/plan.h"

/* What a block ends with. */
typedef struct end {
    const fv_node *norm, *shortcut; /* the second: NULL, or the norm of what is passed by */
    const fv_node *last;            /* the sum, or the activation behind it */
    fv_value other;                 /* what is passed by, before its norm */
    int activation;
} end;

/* The norm that makes `v` for one reader, without an activation, or NULL. */
static const fv_node *norm_of(const fv_graph *graph, fv_value v, int32_t *const *uses) {
    const fv_node *node = fv_node_of(graph, v);
    if (!fv_node_is(node, "batch_norm") || v.output != 0 || uses[v.node][0] != 1) return NULL;
    return ((const fv_batch_norm_options *)node->options)->activation == FV_NORM_PLAIN ? node : NULL;
}

/* The activation that alone reads `sum`, or NULL. */
static const fv_node *activation_behind(const fv_graph *graph, const fv_node *sum, int32_t *const *uses) {
    if (uses[sum->index][0] != 1) return NULL;
    for (int32_t n = sum->index + 1; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        if ((fv_node_is(node, "relu") || fv_node_is(node, "relu6")) && fv_same_value(node->inputs[0], fv_node_value(sum, 0)))
            return node;
    }
    return NULL;
}

static bool find(const fv_graph *graph, const fv_node *sum, int32_t *const *uses, end *e) {
    const fv_value a = sum->inputs[0], b = sum->inputs[1];
    if (!fv_type_equal(fv_value_type(graph, a), fv_value_type(graph, b))) return false;
    const fv_node *first = norm_of(graph, a, uses), *second = norm_of(graph, b, uses);
    if (!first && !second) return false;
    *e = (end){ .norm = first ? first : second, .shortcut = first ? second : NULL, .other = first ? b : a, .last = sum };
    if (e->shortcut) e->other = e->shortcut->inputs[0];
    const fv_node *activation = activation_behind(graph, sum, uses);
    if (!activation) return true;
    e->last = activation;
    e->activation = fv_node_is(activation, "relu") ? FV_NORM_RELU : FV_NORM_RELU6;
    return true;
}

/* What x and the parameters of `norm` are in norm_residual; its statistics are still the norm's. */
static void set_norm(const fv_node *norm, fv_value *scale) {
    scale[0] = norm->inputs[1];
    scale[1] = norm->inputs[2];
    scale[2] = fv_node_value(norm, 1);
    scale[3] = fv_node_value(norm, 2);
}

/* The norm's statistics become a node of their own. */
static void replace_statistics(fv_graph *graph, const fv_node *norm, fv_value *scale) {
    const fv_value inputs[] = { norm->inputs[0], norm->inputs[3], norm->inputs[4] };
    fv_batch_norm_options options = *(const fv_batch_norm_options *)norm->options;
    fv_graph_name_after(graph, norm->name, "statistics");
    fv_value made = fv_graph_add(graph, fv_op_find("batch_norm_statistics"), inputs, FV_COUNT(inputs), &options, NULL);
    for (int k = 1; k < norm->output_count; k++) fv_graph_replace(graph, fv_node_value(norm, k), fv_output_of(made, k - 1));
    scale[2] = made;
    scale[3] = fv_output_of(made, 1);
}

static void join(fv_graph *graph, const end *e) {
    fv_value in[FV_NORM_RESIDUAL_INPUTS] = { e->norm->inputs[0], [FV_NORM_RESIDUAL_OTHER] = e->other };
    fv_batch_norm_options options = { .activation = e->activation };
    int count = e->shortcut ? FV_NORM_RESIDUAL_INPUTS : FV_NORM_RESIDUAL_OTHER_SCALE;
    set_norm(e->norm, in + FV_NORM_RESIDUAL_SCALE);
    if (e->shortcut) set_norm(e->shortcut, in + FV_NORM_RESIDUAL_OTHER_SCALE);
    if (!fv_plan_has_kernel(graph, "norm_residual", in, count, &options)) return;
    replace_statistics(graph, e->norm, in + FV_NORM_RESIDUAL_SCALE);
    if (e->shortcut) replace_statistics(graph, e->shortcut, in + FV_NORM_RESIDUAL_OTHER_SCALE);
    fv_graph_name_after(graph, e->norm->name, "residual");
    fv_graph_replace(graph, fv_node_value(e->last, 0),
                     fv_graph_add(graph, fv_op_find("norm_residual"), in, count, &options, NULL));
}

fv_error *fv_pass_fuse_residual(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_TRAINING || options->reference || fv_kernel_is_pinned("batch_norm")) return NULL;
    if (options->precision != FV_PRECISION_F32) return NULL; /* what is stored as bf16 counts for more */
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **uses = NULL, count = graph->count;
    FV_TRY(fv_arena_new("joining residuals", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &uses));
    for (int32_t n = 0; n < count && !graph->error; n++) {
        end e;
        if (fv_node_is(graph->nodes[n], "add") && find(graph, graph->nodes[n], uses, &e)) join(graph, &e);
    }
    return NULL;
}
