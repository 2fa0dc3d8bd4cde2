/* state.c - memory that outlives a run: a parameter, a buffer, an optimizer's slot. */
#include "core/graph/node.h"

static const fv_field fields[] = {
    FV_FIELD(fv_state_options, dtype, .required = true, .names = fv_dtype_names, .help = "dtype of the elements"),
    FV_FIELD(fv_state_options, dims, .help = "dimensions; none: a scalar"),
    FV_FIELD(fv_state_options, role, .names = "parameter,buffer,slot",
             .help = "trained, kept beside (running statistics), or an optimizer's"),
    FV_FIELD(fv_state_options, init, .help = "first value, by the name of an initializer with its options; none: zeros"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_state_options *o = call->options;
    call->outputs[0] = fv_type_make((fv_dtype)o->dtype, o->dims.at, (int)o->dims.count);
    return NULL;
}

const fv_op fv_op_state = {
    .name = "state",
    .version = 1,
    .summary = "memory that outlives a run, under its name",
    .inputs = "",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_SOURCE,
    .shape = shape,
    .grad = fv_grad_none,
};
