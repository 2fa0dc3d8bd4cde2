/* where.c - the choice between two values by a condition, element by element. Each gets the gradient where it was taken; what
 * was not taken may be NaN and does no harm. */
#include "core/ops/emit.h"

static fv_error *shape(fv_shape_call *call) {
    char have[256];
    const fv_type *condition = &call->inputs[0];
    fv_shape_call values = *call;
    values.inputs++;
    values.input_count--;
    if (condition->dtype != FV_BOOL)
        return fv_error_hint(fv_fail(FV_SHAPE, "the condition is %s, not bool", fv_type_format(condition, have)),
                             "compare it with something first");
    FV_TRY(fv_shape_elementwise(&values));
    return fv_type_broadcast(&call->outputs[0], condition, &call->outputs[0]);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value zero = fv_number(graph, dy[0], 0), condition = node->inputs[0];
    dx[1] = fv_unbroadcast(graph, fv_where(graph, condition, dy[0], zero), node->inputs[1]);
    dx[2] = fv_unbroadcast(graph, fv_where(graph, condition, zero, dy[0]), node->inputs[2]);
}

static double where(const void *o, const double *x) { return (void)o, x[0] != 0 ? x[1] : x[2]; }

static const char *const cases[] = {
    "condition=bool[2,3,5] x=f32[2,3,5] y=f32[2,3,5]",
    "condition=bool[7,1] x=f32[3] y=f32[]",
    "condition=bool[1037] x=f32[1037] y=f32[1]",
    "condition=bool[] x=f32[2,3] y=f32[3]",
    "condition=bool[0,3] x=f32[3] y=f32[]",
    "condition=bool[5] x=i64[5]:-9..9 y=i64[]",
    NULL,
};

const fv_op fv_op_where = {
    .name = "where",
    .version = 1,
    .summary = "x where the condition holds, else y",
    .inputs = "condition,x,y",
    .outputs = "z",
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = grad,
    .reference = fv_reference_elementwise,
    .scalar = where,
    .cases = cases,
};
