/* assign.c - stores a value into a state at the end of a run, after every reader of the state has read. The planner carries it
 * out. */
#include "core/graph/node.h"
#include "core/ops/expect.h"

static fv_error *shape(fv_shape_call *call) {
    call->outputs[0] = call->inputs[0];
    return fv_expect_type("value", &call->inputs[1], &call->inputs[0]);
}

const fv_op fv_op_assign = {
    .name = "assign",
    .version = 1,
    .summary = "stores a value into a state at the end of the run",
    .inputs = "state,value",
    .outputs = "y!",
    .flags = FV_OP_EFFECT,
    .shape = shape,
    .grad = fv_grad_none,
};
