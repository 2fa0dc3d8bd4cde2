/* fuse_statistics.c - the pass that sums a batch norm's statistics where the convolution in front stores its result (training
 * in f32 only): it is not read once more for them. With y = conv2d(x, w):
 *
 *   batch_norm(y, scale, bias, running…)  → y, mean, inv_std, … = conv2d_statistics(x, w, running…)
 *                                           batch_norm_apply(y, scale, bias, mean, inv_std)
 *   batch_norm_statistics(y, running…)    → y, mean, inv_std, … = conv2d_statistics(x, w, running…)
 *
 * Only of products of gathered pixels, whose bits y keeps, and where y is too large to be in a core's cache when it would be
 * read; the statistics are sums in another order. */
#include "core/base/assert.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d_statistics.h"
#include "core/ops/stored.h"
#include "core/plan/plan.h"

#define LARGE ((int64_t)1 << 20) /* bytes of y */

/* The convolution whose result `norm` takes statistics of, the first norm that does, or NULL. */
static const fv_node *convolution_of(const fv_graph *graph, const fv_node *norm) {
    const fv_node *node = fv_node_of(graph, norm->inputs[0]);
    if (!fv_node_is(node, "conv2d") || node->input_count != 2 || fv_type_bytes(&node->outputs[0]) < LARGE) return NULL;
    const fv_conv2d_options *o = node->options;
    if (o->activation != FV_CONV2D_PLAIN || o->stored != FV_STORED_ALIKE) return NULL;
    return fv_plan_is_run_by(graph, node, "conv2d_gemm") ? node : NULL;
}

/* What is brought up to date must be there before y is. */
static bool is_source(const fv_graph *graph, fv_value v) { return fv_node_of(graph, v)->op->flags & FV_OP_SOURCE; }

static void join(fv_graph *graph, const fv_node *norm) {
    bool applies = fv_node_is(norm, "batch_norm");
    int running = applies ? 3 : 1, statistics = applies ? 1 : 0; /* where those inputs, these outputs begin */
    const fv_node *convolution = convolution_of(graph, norm);
    const fv_batch_norm_options *n = norm->options;
    const fv_value *in = norm->inputs;
    if (!convolution || !is_source(graph, in[running]) || !is_source(graph, in[running + 1])) return;
    fv_conv2d_statistics_options options = { .epsilon = n->epsilon, .momentum = n->momentum };
    options.convolution = *(const fv_conv2d_options *)convolution->options;
    const fv_value inputs[] = { convolution->inputs[0], convolution->inputs[1], in[running], in[running + 1] };
    if (!fv_plan_has_kernel(graph, "conv2d_statistics", inputs, FV_COUNT(inputs), &options)) return;
    fv_graph_name_after(graph, convolution->name, "statistics");
    fv_value y = fv_graph_add(graph, fv_op_find("conv2d_statistics"), inputs, FV_COUNT(inputs), &options, NULL);
    if (applies) {
        fv_value apply[] = { y, in[1], in[2], fv_output_of(y, 1), fv_output_of(y, 2) };
        fv_graph_name_after(graph, norm->name, "applied");
        fv_graph_replace(graph, fv_node_value(norm, 0),
                         fv_graph_add(graph, fv_op_find("batch_norm_apply"), apply, FV_COUNT(apply), n, NULL));
    }
    for (int k = 0; k < 4; k++) fv_graph_replace(graph, fv_node_value(norm, statistics + k), fv_output_of(y, 1 + k));
    fv_graph_replace(graph, fv_node_value(convolution, 0), y);
}

fv_error *fv_pass_fuse_statistics(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_TRAINING || options->reference || options->precision != FV_PRECISION_F32) return NULL;
    static const char *const ops[] = { "conv2d", "batch_norm", "batch_norm_statistics", "batch_norm_apply" };
    for (int i = 0; i < FV_COUNT(ops); i++)
        if (fv_kernel_is_pinned(ops[i])) return NULL;
    for (int32_t n = 0, count = graph->count; n < count && !graph->error; n++) {
        const fv_node *node = graph->nodes[n];
        if (fv_node_is(node, "batch_norm") || fv_node_is(node, "batch_norm_statistics")) join(graph, node);
    }
    return NULL;
}
