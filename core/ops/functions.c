/* functions.c - functions of one number: neg, abs, square, sign, floor, exp, log, sqrt and erf. At 0 the slope of abs is 0, as
 * in PyTorch. sign and floor are flat between their steps: no gradient flows back through them. */
#include <math.h>

#include "core/ops/emit.h"

#define TWO_OVER_ROOT_PI 1.1283791670955126

static fv_error *shape(fv_shape_call *call) {
    char have[256];
    if (call->inputs[0].dtype == FV_BOOL)
        return fv_error_hint(fv_fail(FV_SHAPE, "%s is no number", fv_type_format(&call->inputs[0], have)), "cast it");
    return fv_shape_same(call);
}

static double neg(const void *o, const double *x) { return (void)o, -x[0]; }
static double absolute(const void *o, const double *x) { return (void)o, fabs(x[0]); }
static double square(const void *o, const double *x) { return (void)o, x[0] * x[0]; }
static double sign(const void *o, const double *x) { return (void)o, x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0]; }
static double round_down(const void *o, const double *x) { return (void)o, floor(x[0]); }
static double exponential(const void *o, const double *x) { return (void)o, exp(x[0]); }
static double logarithm(const void *o, const double *x) { return (void)o, log(x[0]); }
static double square_root(const void *o, const double *x) { return (void)o, sqrt(x[0]); }
static double error_function(const void *o, const double *x) { return (void)o, erf(x[0]); }

static void neg_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    (void)node, dx[0] = fv_apply1(graph, "neg", dy[0]);
}

static void abs_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_apply1(graph, "sign", node->inputs[0]));
}

static void square_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_scaled(graph, node->inputs[0], 2));
}

static void exp_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_node_value(node, 0));
}

static void log_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "div", dy[0], node->inputs[0]);
}

/* dy / (2·√x). */
static void sqrt_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "div", dy[0], fv_scaled(graph, fv_node_value(node, 0), 2));
}

/* 2/√π · exp(−x²). */
static void erf_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value bell = fv_apply1(graph, "exp", fv_apply1(graph, "neg", fv_apply1(graph, "square", node->inputs[0])));
    dx[0] = fv_apply2(graph, "mul", dy[0], fv_scaled(graph, bell, TWO_OVER_ROOT_PI));
}

static const char *const cases[] = {
    "x=f32[2,3,5]:-2..2", "x=f32[1]", "x=f32[]", "x=f32[0,3]", "x=f32[1037]:-9..9", "x=i32[3,5]:-7..7", NULL,
};
static const char *const float_cases[] = {
    "x=f32[2,3,5]:-2..2", "x=f32[1]", "x=f32[]", "x=f32[0,3]", "x=f32[1037]:-9..9", NULL
};
static const char *const positive_cases[] = {
    "x=f32[2,3,5]:0.1..2", "x=f32[1]:0.1..2", "x=f32[]:0.1..2", "x=f32[0,3]", "x=f32[1037]:0.2..50", NULL,
};

#define UNARY .inputs = "x", .outputs = "y", .flags = FV_OP_ELEMENTWISE, .reference = fv_reference_elementwise

const fv_op fv_op_neg = {
    .name = "neg",
    .version = 1,
    .summary = "-x",
    UNARY,
    .shape = shape,
    .grad = neg_grad,
    .scalar = neg,
    .cases = cases,
};

const fv_op fv_op_abs = {
    .name = "abs",
    .version = 1,
    .summary = "absolute value",
    UNARY,
    .shape = shape,
    .grad = abs_grad,
    .scalar = absolute,
    .cases = cases,
};

const fv_op fv_op_square = {
    .name = "square",
    .version = 1,
    .summary = "x times x",
    UNARY,
    .shape = shape,
    .grad = square_grad,
    .scalar = square,
    .cases = cases,
};

const fv_op fv_op_sign = {
    .name = "sign",
    .version = 1,
    .summary = "-1, 0 or 1",
    UNARY,
    .shape = shape,
    .grad = fv_grad_none,
    .scalar = sign,
    .cases = cases,
};

const fv_op fv_op_floor = {
    .name = "floor",
    .version = 1,
    .summary = "the largest integer not above x",
    UNARY,
    .shape = fv_shape_elementwise_float,
    .grad = fv_grad_none,
    .scalar = round_down,
    .cases = float_cases,
};

const fv_op fv_op_exp = {
    .name = "exp",
    .version = 1,
    .summary = "e to the power of x",
    UNARY,
    .shape = fv_shape_elementwise_float,
    .grad = exp_grad,
    .scalar = exponential,
    .cases = float_cases,
};

const fv_op fv_op_log = {
    .name = "log",
    .version = 1,
    .summary = "natural logarithm",
    UNARY,
    .shape = fv_shape_elementwise_float,
    .grad = log_grad,
    .scalar = logarithm,
    .cases = positive_cases,
};

const fv_op fv_op_sqrt = {
    .name = "sqrt",
    .version = 1,
    .summary = "square root",
    UNARY,
    .shape = fv_shape_elementwise_float,
    .grad = sqrt_grad,
    .scalar = square_root,
    .cases = positive_cases,
};

const fv_op fv_op_erf = {
    .name = "erf",
    .version = 1,
    .summary = "error function",
    UNARY,
    .shape = fv_shape_elementwise_float,
    .grad = erf_grad,
    .scalar = error_function,
    .cases = float_cases,
};
