/* sum_on_store.c - the pass that adds gradients where a product stores one of them (training in f32 only): at a residual
 * block's input those of its first convolution and of what is passed by meet, and go on where the activation in front has a
 * slope. The product is not written to be read again, and what two branches need is written once. The bits are those of the
 * single ops.
 *
 *   where(less_equal(y, 0), 0, add(conv2d_grad_input(dy, w, …), other)) → conv2d_grad_input_sum(dy, w, other, y)
 * activation=relu add(conv2d_grad_input(dy, w, …), other)                             → conv2d_grad_input_sum(dy, w, other)
 *
 * Only of products of gathered pixels: Winograd's are transformed when they are stored. */
#include "core/base/assert.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d.h"
#include "core/plan/plan.h"

/* The gradient that makes `v` for one reader, by gathered pixels, or NULL. */
static const fv_node *product_of(const fv_graph *graph, fv_value v, int32_t *const *uses) {
    const fv_node *node = fv_node_of(graph, v);
    if (!fv_node_is(node, "conv2d_grad_input") || uses[v.node][0] != 1) return NULL;
    return fv_plan_is_run_by(graph, node, "conv2d_grad_input_gemm") ? node : NULL;
}

/* The mask that alone reads `sum`, or NULL; sets what the mask is made of. */
static const fv_node *mask_behind(const fv_graph *graph, const fv_node *sum, int32_t *const *uses, fv_value *y,
                                  int *activation) {
    if (uses[sum->index][0] != 1) return NULL;
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        if (fv_plan_is_mask(graph, node, y, activation) && fv_same_value(node->inputs[2], fv_node_value(sum, 0))) return node;
    }
    return NULL;
}

/* Of two products the one that comes later: the other is there by then. */
static void join(fv_graph *graph, const fv_node *sum, int32_t *const *uses) {
    static const int activations[] = { [FV_NORM_RELU] = FV_CONV2D_RELU, [FV_NORM_RELU6] = FV_CONV2D_RELU6 };
    const fv_node *a = product_of(graph, sum->inputs[0], uses), *b = product_of(graph, sum->inputs[1], uses);
    bool first = a && (!b || a->index > b->index);
    const fv_node *product = first ? a : b;
    fv_value y, other = sum->inputs[first ? 1 : 0];
    if (!product || !fv_type_equal(fv_value_type(graph, other), &product->outputs[0])) return;
    fv_conv2d_options options = *(const fv_conv2d_options *)product->options;
    int activation = FV_NORM_PLAIN, count = 3;
    const fv_node *mask = mask_behind(graph, sum, uses, &y, &activation);
    fv_value inputs[] = { product->inputs[0], product->inputs[1], other, other };
    options.activation = FV_CONV2D_PLAIN;
    if (mask) options.activation = activations[activation], inputs[count++] = y;
    if (!fv_plan_has_kernel(graph, "conv2d_grad_input_sum", inputs, count, &options)) return;
    fv_graph_name_after(graph, product->name, "sum");
    fv_graph_replace(graph, fv_node_value(mask ? mask : sum, 0),
                     fv_graph_add(graph, fv_op_find("conv2d_grad_input_sum"), inputs, count, &options, NULL));
}

fv_error *fv_pass_sum_on_store(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_TRAINING || options->reference || fv_kernel_is_pinned("conv2d_grad_input")) return NULL;
    if (options->precision != FV_PRECISION_F32) return NULL; /* what is stored as bf16 counts for more */
    FV_OWNED(fv_arena) arena = NULL;
    int32_t **uses = NULL, count = graph->count;
    FV_TRY(fv_arena_new("adding gradients on storing", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &uses));
    for (int32_t n = 0; n < count && !graph->error; n++)
        if (fv_node_is(graph->nodes[n], "add")) join(graph, graph->nodes[n], uses);
    return NULL;
}
