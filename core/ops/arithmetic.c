/* arithmetic.c - add, sub, mul, div, minimum, maximum and pow, with numpy's broadcasting. Where minimum or maximum has equal
 * inputs, each gets half of the gradient, as in PyTorch. Quotients and powers are of floating-point numbers only. */
#include <math.h>

#include "core/ops/emit.h"

static fv_error *shape(fv_shape_call *call) {
    char have[256];
    if (call->inputs[0].dtype == FV_BOOL)
        return fv_error_hint(fv_fail(FV_SHAPE, "%s is no number", fv_type_format(&call->inputs[0], have)),
                             "use logical_and, logical_or, where, or cast it");
    return fv_shape_elementwise(call);
}

static double add(const void *o, const double *x) { return (void)o, x[0] + x[1]; }
static double sub(const void *o, const double *x) { return (void)o, x[0] - x[1]; }
static double mul(const void *o, const double *x) { return (void)o, x[0] * x[1]; }
static double divide(const void *o, const double *x) { return (void)o, x[0] / x[1]; }
static double power(const void *o, const double *x) { return (void)o, pow(x[0], x[1]); }

/* A NaN on either side comes through. */
static double minimum(const void *o, const double *x) { return (void)o, isnan(x[0]) || x[0] < x[1] ? x[0] : x[1]; }
static double maximum(const void *o, const double *x) { return (void)o, isnan(x[0]) || x[0] > x[1] ? x[0] : x[1]; }

static void add_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    for (int i = 0; i < 2; i++) dx[i] = fv_unbroadcast(graph, dy[0], node->inputs[i]);
}

static void sub_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    add_grad(graph, node, dy, dx);
    dx[1] = fv_apply1(graph, "neg", dx[1]);
}

static void mul_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    for (int i = 0; i < 2; i++)
        dx[i] = fv_unbroadcast(graph, fv_apply2(graph, "mul", dy[0], node->inputs[1 - i]), node->inputs[i]);
}

/* z = x/y: dx = dz/y, dy = −z·dz/y. */
static void div_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value share = fv_apply2(graph, "div", dy[0], node->inputs[1]);
    fv_value against = fv_apply2(graph, "mul", share, fv_node_value(node, 0));
    dx[0] = fv_unbroadcast(graph, share, node->inputs[0]);
    dx[1] = fv_apply1(graph, "neg", fv_unbroadcast(graph, against, node->inputs[1]));
}

/* z = xʸ: dx = dz·y·xʸ⁻¹, and 0 where y = 0; dy = dz·z·log x, and 0 where x = 0 and y ≥ 0. */
static void pow_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], y = node->inputs[1], zero = fv_number(graph, x, 0);
    fv_value slope = fv_apply2(graph, "mul", y, fv_apply2(graph, "pow", x, fv_plus(graph, y, -1)));
    slope = fv_where(graph, fv_apply2(graph, "equal", y, zero), zero, slope);
    fv_value flat =
        fv_apply2(graph, "logical_and", fv_apply2(graph, "equal", x, zero), fv_apply2(graph, "greater_equal", y, zero));
    fv_value growth = fv_apply2(graph, "mul", fv_node_value(node, 0), fv_apply1(graph, "log", x));
    growth = fv_where(graph, flat, zero, growth);
    dx[0] = fv_unbroadcast(graph, fv_apply2(graph, "mul", dy[0], slope), x);
    dx[1] = fv_unbroadcast(graph, fv_apply2(graph, "mul", dy[0], growth), y);
}

/* Nothing to the input that `loses` to the other, half where they are equal. */
static void extreme_grad(fv_graph *graph, const fv_node *node, const char *loses, fv_value dy, fv_value *dx) {
    fv_value tie = fv_apply2(graph, "equal", node->inputs[0], node->inputs[1]);
    fv_value share = fv_where(graph, tie, fv_scaled(graph, dy, 0.5), dy), zero = fv_number(graph, dy, 0);
    for (int i = 0; i < 2; i++) {
        fv_value lost = fv_apply2(graph, loses, node->inputs[i], node->inputs[1 - i]);
        dx[i] = fv_unbroadcast(graph, fv_where(graph, lost, zero, share), node->inputs[i]);
    }
}

static void minimum_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    extreme_grad(graph, node, "greater", dy[0], dx);
}

static void maximum_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    extreme_grad(graph, node, "less", dy[0], dx);
}

static const char *const cases[] = {
    "x=f32[2,3,5] y=f32[2,3,5]",
    "x=f32[2,3,5] y=f32[5]",
    "x=f32[3,1] y=f32[2,1,4]",
    "x=f32[] y=f32[7]",
    "x=f32[1] y=f32[]",
    "x=f32[0,3] y=f32[3]",
    "x=f32[2,9,9,3] y=f32[2,1,1,3]",
    "x=i64[3,2]:-9..9 y=i64[2]:-9..9",
    NULL,
};
static const char *const quotient_cases[] = {
    "x=f32[2,3,5] y=f32[2,3,5]:0.5..2", "x=f32[4,3] y=f32[3]:-2..-0.5", "x=f32[] y=f32[7]:1..3",
    "x=f32[3,1] y=f32[2,1,4]:0.5..2",   "x=f32[0,3] y=f32[3]:1..2",     NULL,
};
static const char *const power_cases[] = {
    "x=f32[2,3,5]:0.2..2 y=f32[2,3,5]:-2..2",
    "x=f32[4,3]:0.5..1 y=f32[]:2..3",
    "x=f32[3,1]:0.2..2 y=f32[2,1,4]:-2..2",
    "x=f32[1]:0.2..2 y=f32[1]",
    "x=f32[0] y=f32[]",
    NULL,
};

#define BINARY .inputs = "x,y", .outputs = "z", .reference = fv_reference_elementwise

const fv_op fv_op_add = {
    .name = "add",
    .version = 1,
    .summary = "x + y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE | FV_OP_COMMUTES,
    .shape = shape,
    .grad = add_grad,
    .scalar = add,
    .cases = cases,
};

const fv_op fv_op_sub = {
    .name = "sub",
    .version = 1,
    .summary = "x - y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = sub_grad,
    .scalar = sub,
    .cases = cases,
};

const fv_op fv_op_mul = {
    .name = "mul",
    .version = 1,
    .summary = "x times y, element by element",
    BINARY,
    .flags = FV_OP_ELEMENTWISE | FV_OP_COMMUTES,
    .shape = shape,
    .grad = mul_grad,
    .scalar = mul,
    .cases = cases,
};

const fv_op fv_op_div = {
    .name = "div",
    .version = 1,
    .summary = "x / y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE,
    .shape = fv_shape_elementwise_float,
    .grad = div_grad,
    .scalar = divide,
    .cases = quotient_cases,
};

const fv_op fv_op_minimum = {
    .name = "minimum",
    .version = 1,
    .summary = "the smaller of x and y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = minimum_grad,
    .scalar = minimum,
    .cases = cases,
};

const fv_op fv_op_maximum = {
    .name = "maximum",
    .version = 1,
    .summary = "the larger of x and y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = maximum_grad,
    .scalar = maximum,
    .cases = cases,
};

const fv_op fv_op_pow = {
    .name = "pow",
    .version = 1,
    .summary = "x to the power of y",
    BINARY,
    .flags = FV_OP_ELEMENTWISE,
    .shape = fv_shape_elementwise_float,
    .grad = pow_grad,
    .scalar = power,
    .cases = power_cases,
};
