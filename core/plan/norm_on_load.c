/* norm_on_load.c - the pass that spares the result of a batch norm in front of a depthwise convolution (training only), and
 * what lies between that norm and the one behind the filter in the backward pass. Convolution and norms are bound by memory:
 * what a row needs is made in the caches where it is used. With e = batch_norm(x, …), read by nobody else:
 *
 *   z = conv2d(e, w)                            → norm_conv2d(x, …, w)
 *   e's statistics                              → batch_norm_statistics(x, …)
 *
 *   dz, … = batch_norm_grad(z, …, dy)           → batch_norm_grad_sums(z, …, dy)
 *   de = conv2d_grad_input(dz, w, e!)           ⎫
 *   dw = conv2d_grad_weights(e, dz)             ⎬ norm_depthwise_grad(x, …, w, z, …, dy, …)
 *   dx, dscale, dbias = batch_norm_grad(x, …, de) → batch_norm_grad_apply(x, …, de, …)
 *
 * All but dscale, dbias and what they make of dx have the bits of the single ops; those two are added up row by row. */
#include "core/base/assert.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d.h"
#include "core/ops/norm_conv2d.h"
#include "core/ops/norm_depthwise_grad.h"
#include "core/plan/plan.h"

/* The nodes around a depthwise convolution. */
typedef struct depthwise {
    const fv_node *norm, *forward;  /* in front; the convolution */
    const fv_node *next_grad;       /* of the norm behind: makes dz */
    const fv_node *input, *weights; /* the convolution's two gradients */
    const fv_node *norm_grad;       /* of the norm in front: reads de */
} depthwise;

static const fv_conv2d_options *windows_of(const fv_node *node) { return node->options; }
static int activation_of(const fv_node *norm) { return ((const fv_batch_norm_options *)norm->options)->activation; }

/* Calls take(context, node, input) for everybody who reads `v`; false: one of them is not taken, or the graph gives it out. */
static bool each_reader(const fv_graph *graph, fv_value v, bool (*take)(depthwise *, const fv_node *, int), depthwise *d) {
    for (int32_t n = 0; n < graph->count; n++)
        for (int i = 0; i < graph->nodes[n]->input_count; i++)
            if (fv_same_value(graph->nodes[n]->inputs[i], v) && !take(d, graph->nodes[n], i)) return false;
    for (int i = 0; i < graph->output_count; i++)
        if (fv_same_value(graph->outputs[i].value, v)) return false;
    return true;
}

static bool take_once(const fv_node **place, const fv_node *node, bool fits) {
    if (*place || !fits) return false;
    *place = node;
    return true;
}

static bool take_reader_of_e(depthwise *d, const fv_node *node, int input) {
    if (fv_node_is(node, "conv2d"))
        return take_once(&d->forward, node,
                         input == 0 && node->input_count == 2 && windows_of(node)->activation == FV_CONV2D_PLAIN);
    if (fv_node_is(node, "conv2d_grad_weights")) return take_once(&d->weights, node, input == 0);
    return fv_node_is(node, "conv2d_grad_input") && take_once(&d->input, node, input == 2);
}

/* Both gradients are known by now. */
static bool take_reader_of_dz(depthwise *d, const fv_node *node, int input) {
    return (node == d->input && input == 0) || (node == d->weights && input == 1);
}

static bool take_reader_of_de(depthwise *d, const fv_node *node, int input) {
    bool fits = fv_node_is(node, "batch_norm_grad") && input == 4 && node->input_count == 6;
    return take_once(&d->norm_grad, node, fits && fv_same_value(node->inputs[0], d->norm->inputs[0]));
}

/* Fills d, whose norm is set. */
static bool find(const fv_graph *graph, depthwise *d) {
    if (d->norm->input_count != 5 || !each_reader(graph, fv_node_value(d->norm, 0), take_reader_of_e, d)) return false;
    if (!d->forward || !d->weights || !d->input) return false;
    d->next_grad = fv_node_of(graph, d->input->inputs[0]);
    if (!fv_node_is(d->next_grad, "batch_norm_grad") || d->next_grad->input_count != 6) return false;
    if (d->input->inputs[0].output != 0 || !fv_same_value(d->next_grad->inputs[0], fv_node_value(d->forward, 0))) return false;
    if (!fv_same_value(d->input->inputs[1], d->forward->inputs[1])) return false;
    if (!each_reader(graph, fv_node_value(d->next_grad, 0), take_reader_of_dz, d)) return false;
    return each_reader(graph, fv_node_value(d->input, 0), take_reader_of_de, d) && d->norm_grad &&
           activation_of(d->norm_grad) == activation_of(d->norm);
}

/* What stands for the norm's options in norm_conv2d, and what the gradient is told. */
static fv_conv2d_options forward_options(const depthwise *d) {
    static const int activations[] = {
        [FV_NORM_PLAIN] = FV_CONV2D_PLAIN, [FV_NORM_RELU] = FV_CONV2D_RELU, [FV_NORM_RELU6] = FV_CONV2D_RELU6
    };
    fv_conv2d_options o = *windows_of(d->forward);
    o.activation = activations[activation_of(d->norm)];
    return o;
}

static fv_norm_depthwise_grad_options gradient_options(const depthwise *d) {
    const fv_conv2d_options *windows = windows_of(d->forward);
    fv_norm_depthwise_grad_options o = { .activation = activation_of(d->norm), .next_activation = activation_of(d->next_grad) };
    memcpy(o.stride, windows->stride, sizeof o.stride);
    memcpy(o.padding, windows->padding, sizeof o.padding);
    return o;
}

static void replace_outputs(fv_graph *graph, const fv_node *node, int first, fv_value by, int by_first) {
    for (int k = first; k < node->output_count; k++)
        fv_graph_replace(graph, fv_node_value(node, k), fv_output_of(by, by_first + k - first));
}

static fv_value add(fv_graph *graph, const fv_node *like, const char *op, const fv_value *inputs, int count,
                    const void *options) {
    fv_graph_name_after(graph, like->name, "joined");
    return fv_graph_add(graph, fv_op_find(op), inputs, count, options, NULL);
}

static void join_backward(fv_graph *graph, const depthwise *d, const fv_value *in, const fv_norm_depthwise_grad_options *o) {
    fv_value joined = add(graph, d->input, "norm_depthwise_grad", in, FV_DEPTHWISE_GRAD_INPUTS, o);
    const fv_value *g = d->norm_grad->inputs;
    const fv_value apply[] = { g[0], g[1], g[2], g[3], joined, fv_output_of(joined, 4), fv_output_of(joined, 5), g[5] };
    fv_value dx = add(graph, d->norm_grad, "batch_norm_grad_apply", apply, FV_COUNT(apply), d->norm_grad->options);
    fv_graph_replace(graph, fv_node_value(d->weights, 0), fv_output_of(joined, 1));
    fv_graph_replace(graph, fv_node_value(d->norm_grad, 0), dx);
    replace_outputs(graph, d->norm_grad, 1, joined, 2);
}

static void join(fv_graph *graph, const depthwise *d) {
    const fv_value *in = d->norm->inputs, *next = d->next_grad->inputs, w = d->forward->inputs[1];
    fv_conv2d_options o = forward_options(d);
    fv_norm_depthwise_grad_options go = gradient_options(d);
    fv_value forward[] = { in[0], in[1], in[2], fv_node_value(d->norm, 1), fv_node_value(d->norm, 2), w };
    fv_value back[FV_DEPTHWISE_GRAD_INPUTS] = { in[0],   in[1],   in[2],   forward[3], forward[4], w,     next[0],
                                                next[1], next[5], next[2], next[3],    next[4],    in[1], in[1] };
    if (!fv_plan_has_kernel(graph, "norm_conv2d", forward, FV_COUNT(forward), &o)) return;
    if (!fv_plan_has_kernel(graph, "norm_depthwise_grad", back, FV_COUNT(back), &go)) return;
    fv_value statistics = add(graph, d->norm, "batch_norm_statistics", FV_VALUES(in[0], in[3], in[4]), d->norm->options);
    replace_outputs(graph, d->norm, 1, statistics, 0);
    forward[FV_NORM_CONV_MEAN] = back[FV_DEPTHWISE_GRAD_MEAN] = statistics;
    forward[FV_NORM_CONV_INV_STD] = back[FV_DEPTHWISE_GRAD_INV_STD] = fv_output_of(statistics, 1);
    fv_value z = add(graph, d->forward, "norm_conv2d", forward, FV_COUNT(forward), &o);
    fv_graph_replace(graph, fv_node_value(d->forward, 0), z);
    fv_value sums = add(graph, d->next_grad, "batch_norm_grad_sums", next, d->next_grad->input_count, d->next_grad->options);
    replace_outputs(graph, d->next_grad, 1, sums, 0);
    back[FV_DEPTHWISE_GRAD_Z] = z;
    back[FV_DEPTHWISE_GRAD_P] = fv_output_of(sums, 2);
    back[FV_DEPTHWISE_GRAD_Q] = fv_output_of(sums, 3);
    join_backward(graph, d, back, &go);
}

fv_error *fv_pass_norm_on_load(fv_graph *graph, const fv_plan_options *options) {
    if (options->mode != FV_TRAINING || options->reference || fv_kernel_is_pinned("conv2d")) return NULL;
    for (int32_t n = 0, count = graph->count; n < count && !graph->error; n++) {
        depthwise d = { .norm = graph->nodes[n] };
        if (fv_node_is(d.norm, "batch_norm") && find(graph, &d)) join(graph, &d);
    }
    return NULL;
}
