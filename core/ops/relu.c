/* relu.c - ReLU, ReLU6 and leaky ReLU. The slope at 0 (for ReLU6 at 6 too) is 0, for leaky ReLU that below 0, as in PyTorch;
 * NaN and its gradient come through. The gradients of the first two look at the result, so that x need not be kept. */
#include "core/ops/activations.h"
#include "core/ops/emit.h"

static const fv_field leaky_fields[] = {
    FV_FIELD(fv_leaky_relu_options, slope, .by_default = "0.01", .help = "slope below 0"),
    FV_FIELDS_END,
};

static double relu(const void *o, const double *x) { return (void)o, x[0] < 0 ? 0 : x[0]; }
static double relu6(const void *o, const double *x) { return (void)o, x[0] < 0 ? 0 : x[0] > 6 ? 6 : x[0]; }

static double leaky_relu(const void *o, const double *x) {
    return x[0] > 0 ? x[0] : x[0] * ((const fv_leaky_relu_options *)o)->slope;
}

static void relu_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value zero = fv_number(graph, dy[0], 0);
    dx[0] = fv_where(graph, fv_apply2(graph, "less_equal", fv_node_value(node, 0), zero), zero, dy[0]);
}

static void relu6_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value y = fv_node_value(node, 0), zero = fv_number(graph, y, 0), six = fv_number(graph, y, 6);
    fv_value flat =
        fv_apply2(graph, "logical_or", fv_apply2(graph, "less_equal", y, zero), fv_apply2(graph, "greater_equal", y, six));
    dx[0] = fv_where(graph, flat, zero, dy[0]);
}

static void leaky_relu_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_leaky_relu_options *o = node->options;
    fv_value above = fv_apply2(graph, "greater", node->inputs[0], fv_number(graph, dy[0], 0));
    dx[0] = fv_where(graph, above, dy[0], fv_scaled(graph, dy[0], o->slope));
}

static const char *const cases[] = { "x=f32[2,3,5]", "x=f32[1]", "x=f32[]", "x=f32[0,3]", "x=f32[1037]:-8..9", NULL };
static const char *const leaky_cases[] = {
    "x=f32[2,3,5]", "x=f32[]", "x=f32[0,3]", "x=f32[1037]:-8..9 slope=0.2", "x=f32[7] slope=-0.5", NULL,
};

#define UNARY                                                                                                                  \
    .inputs = "x", .outputs = "y", .flags = FV_OP_ELEMENTWISE, .shape = fv_shape_elementwise_float,                            \
    .reference = fv_reference_elementwise

const fv_op fv_op_relu = {
    .name = "relu",
    .version = 1,
    .summary = "x above 0, else 0",
    UNARY,
    .grad = relu_grad,
    .scalar = relu,
    .cases = cases,
};

const fv_op fv_op_relu6 = {
    .name = "relu6",
    .version = 1,
    .summary = "x kept between 0 and 6",
    UNARY,
    .grad = relu6_grad,
    .scalar = relu6,
    .cases = cases,
};

const fv_op fv_op_leaky_relu = {
    .name = "leaky_relu",
    .version = 1,
    .summary = "x above 0, else slope times x",
    UNARY,
    .fields = leaky_fields,
    .grad = leaky_relu_grad,
    .scalar = leaky_relu,
    .cases = leaky_cases,
};
