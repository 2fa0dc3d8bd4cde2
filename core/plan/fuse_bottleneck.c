/* fuse_bottleneck.c - the pass that joins a widening convolution, the depthwise one behind it, the 1×1 one that narrows again
 * and what is added to that (evaluation only): the widened pictures are then made row by row in the caches, where they are
 * used. The bits are those of the single ops.
 *
 *   d = conv2d(conv2d(x, e, eb) activation=…, w, wb) groups=channels activation=…
 *   conv2d(d, p, pb)                    → inverted_bottleneck(x, e, eb, w, wb, p, pb)
 *   add(conv2d(d, p, pb), residual)     → inverted_bottleneck(x, e, eb, w, wb, p, pb, residual) */
#include "core/ops/inverted_bottleneck.h"
#include "core/plan/plan.h"

typedef struct fusion {
    fv_graph *graph;
    int32_t **uses;
} fusion;

/* The convolution that makes `v`, with a bias, for one reader; NULL: another op does, or others read it. */
static const fv_node *convolution_of(const fusion *f, fv_value v) {
    const fv_node *node = fv_node_of(f->graph, v);
    return fv_node_is(node, "conv2d") && node->input_count == 3 && f->uses[node->index][0] == 1 ? node : NULL;
}

static const fv_conv2d_options *options_of(const fv_node *node) { return node->options; }
static const fv_type *weights_of(const fusion *f, const fv_node *node) { return fv_value_type(f->graph, node->inputs[1]); }

static bool is_projection(const fusion *f, const fv_node *node) {
    const fv_conv2d_options *o = options_of(node);
    const int64_t *w = weights_of(f, node)->dims;
    bool padded = o->padding[0] || o->padding[1] || o->padding[2] || o->padding[3];
    return w[1] == 1 && w[2] == 1 && o->stride[0] == 1 && o->stride[1] == 1 && o->groups == 1 && !padded &&
           o->activation == FV_CONV2D_PLAIN;
}

static bool is_depthwise(const fusion *f, const fv_node *node) {
    const fv_conv2d_options *o = options_of(node);
    const fv_type *w = weights_of(f, node);
    return o->groups == w->dims[0] && w->dims[3] == 1 && o->dilation[0] == 1 && o->dilation[1] == 1;
}

/* Windows that do not overlap much: 3×3 at every pixel is Winograd's. */
static bool is_expansion(const fusion *f, const fv_node *node) {
    const fv_conv2d_options *o = options_of(node);
    const int64_t *w = weights_of(f, node)->dims;
    bool single = w[1] == 1 && w[2] == 1, apart = o->stride[0] > 1 && o->stride[1] > 1;
    return o->groups == 1 && o->dilation[0] == 1 && o->dilation[1] == 1 && (single || apart);
}

/* What `last` gives is now made by one node, if the convolutions in front of `project` are what it takes. */
static bool fuse(const fusion *f, const fv_node *last, const fv_node *project, fv_value residual) {
    const fv_node *depthwise = convolution_of(f, project->inputs[0]);
    const fv_node *expand = depthwise && is_depthwise(f, depthwise) ? convolution_of(f, depthwise->inputs[0]) : NULL;
    if (!expand || !is_expansion(f, expand)) return false;
    const fv_conv2d_options *e = options_of(expand), *d = options_of(depthwise);
    fv_inverted_bottleneck_options o = { .expand_activation = e->activation, .activation = d->activation };
    memcpy(o.expand_stride, e->stride, sizeof o.expand_stride);
    memcpy(o.expand_padding, e->padding, sizeof o.expand_padding);
    memcpy(o.stride, d->stride, sizeof o.stride);
    memcpy(o.padding, d->padding, sizeof o.padding);
    const fv_value inputs[] = { expand->inputs[0],    expand->inputs[1],  expand->inputs[2],  depthwise->inputs[1],
                                depthwise->inputs[2], project->inputs[1], project->inputs[2], residual };
    int count = fv_is_value(residual) ? FV_BOTTLENECK_RESIDUAL + 1 : FV_BOTTLENECK_RESIDUAL;
    if (!fv_plan_has_kernel(f->graph, "inverted_bottleneck", inputs, count, &o)) return false;
    fv_graph_name_after(f->graph, project->name, "bottleneck");
    fv_graph_replace(f->graph, fv_node_value(last, 0),
                     fv_graph_add(f->graph, fv_op_find("inverted_bottleneck"), inputs, count, &o, NULL));
    return true;
}

/* The convolution that narrows, if `v` is what it makes for this one reader; NULL: it is not. */
static const fv_node *projection_of(const fusion *f, fv_value v) {
    const fv_node *node = convolution_of(f, v);
    return node && is_projection(f, node) ? node : NULL;
}

static void fuse_sum(const fusion *f, const fv_node *sum) {
    if (!fv_type_equal(fv_value_type(f->graph, sum->inputs[0]), fv_value_type(f->graph, sum->inputs[1]))) return;
    for (int side = 0; side < 2; side++) {
        const fv_node *project = projection_of(f, sum->inputs[side]);
        if (!project || !fuse(f, sum, project, sum->inputs[1 - side])) continue;
        f->uses[project->index][0] = 0; /* gone with its sum */
        return;
    }
}

fv_error *fv_pass_fuse_bottleneck(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_EVALUATION || options->reference || fv_kernel_is_pinned("conv2d")) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fusion f = { .graph = graph };
    int32_t count = graph->count;
    FV_TRY(fv_arena_new("fusing bottlenecks", (int64_t)1 << 30, &arena));
    FV_TRY(fv_graph_uses(graph, arena, &f.uses));
    for (int32_t n = 0; n < count && !graph->error; n++)
        if (fv_node_is(graph->nodes[n], "add")) fuse_sum(&f, graph->nodes[n]);
    for (int32_t n = 0; n < count && !graph->error; n++) {
        const fv_node *node = graph->nodes[n];
        if (!fv_node_is(node, "conv2d") || node->input_count < 3 || !f.uses[n][0] || !is_projection(&f, node)) continue;
        fuse(&f, node, node, FV_NO_VALUE);
    }
    return NULL;
}
