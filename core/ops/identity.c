/* identity.c - the same elements three times: identity; stop_gradient, through which no gradient flows back; and copy, which
 * the planner puts behind a view so that its elements lie in row order. The first two are taken out of every plan. */
#include "core/graph/node.h"
#include "core/ops/elements.h"

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    (void)graph, (void)node, dx[0] = dy[0];
}

static double identity(const void *o, const double *x) { return (void)o, x[0]; }

static void copy_reference(const fv_call *call) { fv_elements_copy(&call->outputs[0], &call->inputs[0]); }

static fv_work copy_work(const fv_call *call) { return (fv_work){ .flops = 0, .bytes = fv_call_bytes(call) }; }

static const char *const cases[] = {
    "x=f32[2,3,5]", "x=f32[]", "x=f32[1]", "x=f32[0,3]", "x=i64[7]:-9..9", "x=bool[5]", "x=u8[1037]:0..255", NULL,
};

const fv_op fv_op_identity = {
    .name = "identity",
    .version = 1,
    .summary = "x",
    .inputs = "x",
    .outputs = "y",
    .flags = FV_OP_ELEMENTWISE,
    .shape = fv_shape_same,
    .grad = grad,
    .reference = fv_reference_elementwise,
    .scalar = identity,
    .cases = cases,
};

const fv_op fv_op_stop_gradient = {
    .name = "stop_gradient",
    .version = 1,
    .summary = "x, through which no gradient flows back",
    .inputs = "x",
    .outputs = "y",
    .flags = FV_OP_ELEMENTWISE,
    .shape = fv_shape_same,
    .grad = fv_grad_none,
    .reference = fv_reference_elementwise,
    .scalar = identity,
    .cases = cases,
};

const fv_op fv_op_copy = {
    .name = "copy",
    .version = 1,
    .summary = "x in memory of its own, in row order",
    .inputs = "x",
    .outputs = "y",
    .shape = fv_shape_same,
    .grad = grad,
    .reference = copy_reference,
    .work = copy_work,
    .cases = cases,
};
