/* activations.c - sigmoid, tanh, softplus, SiLU, GELU, and the piecewise hard sigmoid and hard swish. Definitions and slopes at
 * the kinks are PyTorch's.
 *
 *   softplus(x) = log(1 + eˣ)                    hard_sigmoid(x) = min(max(x + 3, 0), 6) / 6
 *   silu(x) = x · sigmoid(x)                     hard_swish(x) = x · hard_sigmoid(x)        (Howard et al., arXiv 1905.02244)
 *   gelu(x) = x · Φ(x), Φ the distribution function of the normal distribution              (Hendrycks & Gimpel, arXiv
 * 1606.08415) ≈ ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
 *   gelu_slope(x) = Φ(x) + x·φ(x), φ its density: the exact gelu's derivative */
#include "core/ops/activations.h"

#include <math.h>

#include "core/ops/emit.h"

#define ROOT_HALF 0.70710678118654752
#define ONE_OVER_ROOT_2PI 0.39894228040143268
#define ROOT_2_OVER_PI 0.79788456080286536
#define GELU_CUBE 0.044715

static const fv_field gelu_fields[] = {
    FV_FIELD(fv_gelu_options, approximate, .by_default = "none", .names = "none,tanh",
             .help = "the exact function, or its approximation by tanh"),
    FV_FIELDS_END,
};

/* ---- one element ---- */

static double logistic(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double sigmoid(const void *o, const double *x) { return (void)o, logistic(x[0]); }
static double tangent(const void *o, const double *x) { return (void)o, tanh(x[0]); }
static double softplus(const void *o, const double *x) { return (void)o, fmax(x[0], 0) + log1p(exp(-fabs(x[0]))); }
static double silu(const void *o, const double *x) { return (void)o, x[0] * logistic(x[0]); }
static double hard_sigmoid(const void *o, const double *x) { return (void)o, clip(x[0] + 3, 0, 6) / 6; }
static double hard_swish(const void *o, const double *x) { return (void)o, x[0] * clip(x[0] + 3, 0, 6) / 6; }

static double gelu(const void *o, const double *x) {
    double v = x[0];
    if (((const fv_gelu_options *)o)->approximate) return 0.5 * v * (1 + tanh(ROOT_2_OVER_PI * (v + GELU_CUBE * v * v * v)));
    return 0.5 * v * (1 + erf(v * ROOT_HALF));
}

static double gelu_slope(const void *o, const double *x) {
    double v = x[0];
    return (void)o, 0.5 * (1 + erf(v * ROOT_HALF)) + v * exp(-0.5 * v * v) * ONE_OVER_ROOT_2PI;
}

/* ---- gradients ---- */

static fv_value one_minus(fv_graph *graph, fv_value x) { return fv_apply2(graph, "sub", fv_number(graph, x, 1), x); }

/* y·(1 − y). */
static void sigmoid_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value y = fv_node_value(node, 0);
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_apply2(graph, "mul", y, one_minus(graph, y)));
}

/* 1 − y². */
static void tanh_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value y = fv_node_value(node, 0);
    dx[0] = fv_apply2(graph, "mul", dy[0], one_minus(graph, fv_apply1(graph, "square", y)));
}

static void softplus_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_apply1(graph, "sigmoid", node->inputs[0]));
}

/* s·(1 + x·(1 − s)) with s = sigmoid(x). */
static void silu_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], s = fv_apply1(graph, "sigmoid", x);
    fv_value bend = fv_plus(graph, fv_apply2(graph, "mul", x, one_minus(graph, s)), 1);
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_apply2(graph, "mul", s, bend));
}

/* 1/6 between −3 and 3, else 0. */
static void hard_sigmoid_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], three = fv_number(graph, x, 3);
    fv_value inside = fv_apply2(graph, "less", fv_apply1(graph, "abs", x), three);
    dx[0] = fv_where(graph, inside, fv_scaled(graph, dy[0], 1.0 / 6), fv_number(graph, x, 0));
}

/* 0 up to −3, 1 from 3 on, x/3 + ½ between. */
static void hard_swish_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], zero = fv_number(graph, x, 0);
    fv_value between = fv_apply2(graph, "mul", dy[0], fv_plus(graph, fv_scaled(graph, x, 1.0 / 3), 0.5));
    fv_value above = fv_where(graph, fv_apply2(graph, "greater_equal", x, fv_number(graph, x, 3)), dy[0], between);
    dx[0] = fv_where(graph, fv_apply2(graph, "less_equal", x, fv_number(graph, x, -3)), zero, above);
}

/* With t = tanh(√(2/π)·(x + c·x³)): ½·(1 + t) + x·(1 − t²)·½·√(2/π)·(1 + 3c·x²). */
static fv_value gelu_tanh_slope(fv_graph *graph, fv_value x) {
    fv_value square = fv_apply1(graph, "square", x);
    fv_value inner = fv_apply2(graph, "mul", x, fv_plus(graph, fv_scaled(graph, square, GELU_CUBE), 1));
    fv_value t = fv_apply1(graph, "tanh", fv_scaled(graph, inner, ROOT_2_OVER_PI));
    fv_value speed = fv_scaled(graph, fv_plus(graph, fv_scaled(graph, square, 3 * GELU_CUBE), 1), 0.5 * ROOT_2_OVER_PI);
    fv_value bend = fv_apply2(graph, "mul", one_minus(graph, fv_apply1(graph, "square", t)), fv_apply2(graph, "mul", x, speed));
    return fv_apply2(graph, "add", fv_scaled(graph, fv_plus(graph, t, 1), 0.5), bend);
}

/* φ(x)·(2 − x²). */
static void gelu_slope_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value square = fv_apply1(graph, "square", node->inputs[0]);
    fv_value bell = fv_apply1(graph, "exp", fv_scaled(graph, square, -0.5));
    fv_value bend = fv_apply2(graph, "sub", fv_number(graph, square, 2), square);
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_apply2(graph, "mul", fv_scaled(graph, bell, ONE_OVER_ROOT_2PI), bend));
}

static void gelu_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_gelu_options *o = node->options;
    fv_value x = node->inputs[0], slope = o->approximate ? gelu_tanh_slope(graph, x) : fv_apply1(graph, "gelu_slope", x);
    dx[0] = fv_apply2(graph, "mul", dy[0], slope);
}

static const char *const cases[] = {
    "x=f32[2,3,5]:-2..2", "x=f32[1]", "x=f32[]", "x=f32[0,3]", "x=f32[1037]:-8..9", "x=f32[5]:-120..120", NULL,
};
static const char *const gelu_cases[] = {
    "x=f32[2,3,5]:-2..2", "x=f32[1] approximate=tanh",          "x=f32[]", "x=f32[0,3]",
    "x=f32[1037]:-8..9",  "x=f32[1037]:-8..9 approximate=tanh", NULL,
};

#define UNARY                                                                                                                  \
    .inputs = "x", .outputs = "y", .flags = FV_OP_ELEMENTWISE, .shape = fv_shape_elementwise_float,                            \
    .reference = fv_reference_elementwise

const fv_op fv_op_sigmoid = {
    .name = "sigmoid",
    .version = 1,
    .summary = "1 / (1 + exp(-x))",
    UNARY,
    .grad = sigmoid_grad,
    .scalar = sigmoid,
    .cases = cases,
};

const fv_op fv_op_tanh = {
    .name = "tanh",
    .version = 1,
    .summary = "hyperbolic tangent",
    UNARY,
    .grad = tanh_grad,
    .scalar = tangent,
    .cases = cases,
};

const fv_op fv_op_softplus = {
    .name = "softplus",
    .version = 1,
    .summary = "log(1 + exp(x))",
    UNARY,
    .grad = softplus_grad,
    .scalar = softplus,
    .cases = cases,
};

const fv_op fv_op_silu = {
    .name = "silu",
    .version = 1,
    .summary = "x times its sigmoid",
    UNARY,
    .grad = silu_grad,
    .scalar = silu,
    .cases = cases,
};

const fv_op fv_op_hard_sigmoid = {
    .name = "hard_sigmoid",
    .version = 1,
    .summary = "x / 6 + 1 / 2 kept between 0 and 1",
    UNARY,
    .grad = hard_sigmoid_grad,
    .scalar = hard_sigmoid,
    .cases = cases,
};

const fv_op fv_op_hard_swish = {
    .name = "hard_swish",
    .version = 1,
    .summary = "x times its hard sigmoid",
    UNARY,
    .grad = hard_swish_grad,
    .scalar = hard_swish,
    .cases = cases,
};

const fv_op fv_op_gelu = {
    .name = "gelu",
    .version = 1,
    .summary = "x times the distribution function of the normal distribution at x",
    UNARY,
    .fields = gelu_fields,
    .grad = gelu_grad,
    .scalar = gelu,
    .cases = gelu_cases,
};

const fv_op fv_op_gelu_slope = {
    .name = "gelu_slope",
    .version = 1,
    .summary = "the derivative of gelu at x",
    UNARY,
    .grad = gelu_slope_grad,
    .scalar = gelu_slope,
    .cases = cases,
};
