/* linear.c - the dense layer's product, torch's: rows of x by rows of w, and its gradients.
 *
 *   x [..., I]   w [O, I]   bias [O]   y[..., o] = bias[o] + Σ i  x[..., i] · w[o, i]
 *
 * The gradient for w sums over all rows, so it is an op of its own: kernels cut that sum into shards. Each of the three
 * products is linear in both operands, and each one's gradient is made of the other two.
 *
 * rounded_linear and its two gradients are the same of operands that are rounded to bf16 first, to the nearest, ties to even;
 * sums, bias and results are f32. The planner makes them (round_products.c). */
#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/rounded.h"

extern const fv_op fv_op_linear, fv_op_linear_grad_input, fv_op_linear_grad_weights;

/* ---- shape ---- */

static fv_error *expect_rows(const fv_shape_call *call, int index, const char *name) {
    FV_TRY(fv_expect(call, index, name, NULL));
    return call->inputs[index].rank > 0 ? NULL : fv_fail(FV_SHAPE, "%s is a scalar, but has to be a row or rows", name);
}

/* `rows` with a last dimension of `width` in place of its own. */
static fv_type with_width(const fv_type *rows, int64_t width) {
    fv_type type = *rows;
    type.dims[type.rank - 1] = width;
    return type;
}

static int64_t width_of(const fv_type *rows) { return rows->dims[rows->rank - 1]; }

static fv_error *expect_width(const char *name, const fv_type *rows, const fv_type *w, int axis) {
    char have[256], weights[256];
    if (width_of(rows) == w->dims[axis]) return NULL;
    return fv_fail(FV_SHAPE, "the last dimension of %s %s has to be dimension %d of w %s", name, fv_type_format(rows, have),
                   axis, fv_type_format(w, weights));
}

static fv_error *shape(fv_shape_call *call) {
    const fv_type *x = &call->inputs[0], *w = &call->inputs[1];
    FV_TRY(expect_rows(call, 0, "x"));
    FV_TRY(fv_expect(call, 1, "w", "OI"));
    FV_TRY(expect_width("x", x, w, 1));
    call->outputs[0] = with_width(x, w->dims[0]);
    if (call->input_count < 3) return NULL;
    fv_type bias = fv_type_of(x->dtype, w->dims[0]);
    return fv_expect_type("bias", &call->inputs[2], &bias);
}

static fv_error *grad_input_shape(fv_shape_call *call) {
    const fv_type *dy = &call->inputs[0], *w = &call->inputs[1];
    FV_TRY(expect_rows(call, 0, "dy"));
    FV_TRY(fv_expect(call, 1, "w", "OI"));
    FV_TRY(expect_width("dy", dy, w, 0));
    call->outputs[0] = with_width(dy, w->dims[1]);
    return NULL;
}

static fv_error *grad_weights_shape(fv_shape_call *call) {
    const fv_type *x = &call->inputs[0], *dy = &call->inputs[1];
    FV_TRY(expect_rows(call, 0, "x"));
    FV_TRY(expect_rows(call, 1, "dy"));
    fv_type want = with_width(x, width_of(dy));
    FV_TRY(fv_expect_type("dy", dy, &want));
    call->outputs[0] = fv_type_of(x->dtype, width_of(dy), width_of(x));
    return NULL;
}

/* ---- gradients ---- */

static fv_value product(fv_graph *graph, const fv_op *op, fv_value a, fv_value b) {
    return fv_graph_add(graph, op, FV_VALUES(a, b), NULL, NULL);
}

/* dy summed over all axes but the last. */
static fv_value sum_of_rows(fv_graph *graph, fv_value dy) {
    static const char axes[] = "axes=0,1,2,3,4,5,6";
    int rank = fv_value_type(graph, dy)->rank;
    return rank == 1 ? dy : fv_apply(graph, "sum", FV_VALUES(dy), "%.*s", 2 * rank + 2, axes);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], w = node->inputs[1];
    dx[0] = product(graph, &fv_op_linear_grad_input, dy[0], w);
    dx[1] = product(graph, &fv_op_linear_grad_weights, x, dy[0]);
    if (node->input_count > 2) dx[2] = sum_of_rows(graph, dy[0]);
}

static void grad_input_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    fv_value dy = node->inputs[0], w = node->inputs[1];
    dx[0] = product(graph, &fv_op_linear, dz[0], w);
    dx[1] = product(graph, &fv_op_linear_grad_weights, dz[0], dy);
}

static void grad_weights_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    fv_value x = node->inputs[0], dy = node->inputs[1];
    dx[0] = product(graph, &fv_op_linear_grad_input, dy, dz[0]);
    dx[1] = product(graph, &fv_op_linear, x, dz[0]);
}

/* ---- reference ---- */

static int64_t rows_of(const fv_tensor *t) {
    int64_t rows = 1;
    for (int d = 0; d < t->type.rank - 1; d++) rows *= t->type.dims[d];
    return rows;
}

/* Operands as they are multiplied. */
static double load_row(const fv_tensor *t, int64_t row, int64_t i, bool rounded) {
    return fv_operand(fv_tensor_load(t, fv_tensor_offset(t, row * width_of(&t->type) + i)), rounded);
}

static double load_weight(const fv_tensor *w, int64_t o, int64_t i, bool rounded) {
    return fv_operand(fv_tensor_load(w, o * w->strides[0] + i * w->strides[1]), rounded);
}

static void reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *x = &call->inputs[0], *w = &call->inputs[1], *y = &call->outputs[0];
    const fv_tensor *bias = call->input_count > 2 ? &call->inputs[2] : NULL;
    int64_t rows = rows_of(x), O = w->type.dims[0], I = w->type.dims[1];
    for (int64_t row = 0; row < rows; row++)
        for (int64_t o = 0; o < O; o++) {
            double sum = bias ? fv_tensor_load(bias, o * bias->strides[0]) : 0;
            for (int64_t i = 0; i < I; i++) sum += load_row(x, row, i, rounded) * load_weight(w, o, i, rounded);
            fv_tensor_store(y, fv_tensor_offset(y, row * O + o), sum);
        }
}

static void grad_input_reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *dy = &call->inputs[0], *w = &call->inputs[1], *dx = &call->outputs[0];
    int64_t rows = rows_of(dy), O = w->type.dims[0], I = w->type.dims[1];
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < I; i++) {
            double sum = 0;
            for (int64_t o = 0; o < O; o++) sum += load_row(dy, row, o, rounded) * load_weight(w, o, i, rounded);
            fv_tensor_store(dx, fv_tensor_offset(dx, row * I + i), sum);
        }
}

static void grad_weights_reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1], *dw = &call->outputs[0];
    int64_t rows = rows_of(x), O = dw->type.dims[0], I = dw->type.dims[1];
    for (int64_t o = 0; o < O; o++)
        for (int64_t i = 0; i < I; i++) {
            double sum = 0;
            for (int64_t row = 0; row < rows; row++) sum += load_row(dy, row, o, rounded) * load_row(x, row, i, rounded);
            fv_tensor_store(dw, o * dw->strides[0] + i * dw->strides[1], sum);
        }
}

static void reference(const fv_call *call) { reference_of(call, false); }
static void grad_input_reference(const fv_call *call) { grad_input_reference_of(call, false); }
static void grad_weights_reference(const fv_call *call) { grad_weights_reference_of(call, false); }
static void rounded_reference(const fv_call *call) { reference_of(call, true); }
static void rounded_grad_input_reference(const fv_call *call) { grad_input_reference_of(call, true); }
static void rounded_grad_weights_reference(const fv_call *call) { grad_weights_reference_of(call, true); }

/* ---- work ---- */

static fv_work products(const fv_call *call, const fv_tensor *rows, const fv_type *w) {
    return (fv_work){ .flops = 2.0 * (double)rows_of(rows) * (double)w->dims[0] * (double)w->dims[1],
                      .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) {
    fv_work result = products(call, &call->inputs[0], &call->inputs[1].type);
    if (call->input_count > 2) result.flops += (double)fv_type_count(&call->outputs[0].type);
    return result;
}

static fv_work grad_input_work(const fv_call *call) { return products(call, &call->inputs[0], &call->inputs[1].type); }
static fv_work grad_weights_work(const fv_call *call) { return products(call, &call->inputs[0], &call->outputs[0].type); }

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[3,5] w=f32[7,5] bias=f32[7]",
    "x=f32[1,1] w=f32[1,1]",
    "x=f32[6] w=f32[4,6] bias=f32[4]",
    "x=f32[2,3,4] w=f32[5,4] bias=f32[5]",
    "x=f32[2,3,2,3] w=f32[2,3]",
    "x=f32[33,65] w=f32[17,65] bias=f32[17]",
    NULL,
};

static const char *const grad_input_cases[] = {
    "dy=f32[3,7] w=f32[7,5]",   "dy=f32[1,1] w=f32[1,1]",     "dy=f32[4] w=f32[4,6]",
    "dy=f32[2,3,5] w=f32[5,4]", "dy=f32[33,17] w=f32[17,65]", NULL,
};

static const char *const grad_weights_cases[] = {
    "x=f32[3,5] dy=f32[3,7]",     "x=f32[1,1] dy=f32[1,1]",     "x=f32[6] dy=f32[4]",
    "x=f32[2,3,4] dy=f32[2,3,5]", "x=f32[33,65] dy=f32[33,17]", NULL,
};

const fv_op fv_op_linear = {
    .name = "linear",
    .version = 1,
    .summary = "rows of x by rows of w, plus bias: the dense layer",
    .inputs = "x,w,bias?",
    .outputs = "y",
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_linear_grad_input = {
    .name = "linear_grad_input",
    .version = 1,
    .summary = "gradient of linear with respect to x",
    .inputs = "dy,w",
    .outputs = "dx",
    .shape = grad_input_shape,
    .grad = grad_input_grad,
    .reference = grad_input_reference,
    .work = grad_input_work,
    .cases = grad_input_cases,
};

const fv_op fv_op_linear_grad_weights = {
    .name = "linear_grad_weights",
    .version = 1,
    .summary = "gradient of linear with respect to w: a sum over all rows",
    .inputs = "x,dy",
    .outputs = "dw",
    .flags = FV_OP_JOINS,
    .shape = grad_weights_shape,
    .grad = grad_weights_grad,
    .reference = grad_weights_reference,
    .work = grad_weights_work,
    .cases = grad_weights_cases,
};

const fv_op fv_op_rounded_linear = {
    .name = "rounded_linear",
    .version = 1,
    .summary = "linear of operands rounded to bf16; made by the planner",
    .inputs = "x,w,bias?",
    .outputs = "y",
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = rounded_reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_rounded_linear_grad_input = {
    .name = "rounded_linear_grad_input",
    .version = 1,
    .summary = "linear_grad_input of operands rounded to bf16; made by the planner",
    .inputs = "dy,w",
    .outputs = "dx",
    .shape = grad_input_shape,
    .grad = fv_grad_refused,
    .reference = rounded_grad_input_reference,
    .work = grad_input_work,
    .cases = grad_input_cases,
};

const fv_op fv_op_rounded_linear_grad_weights = {
    .name = "rounded_linear_grad_weights",
    .version = 1,
    .summary = "linear_grad_weights of operands rounded to bf16; made by the planner",
    .inputs = "x,dy",
    .outputs = "dw",
    .flags = FV_OP_JOINS,
    .shape = grad_weights_shape,
    .grad = fv_grad_refused,
    .reference = rounded_grad_weights_reference,
    .work = grad_weights_work,
    .cases = grad_weights_cases,
};
