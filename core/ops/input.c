/* input.c - an array that is fed before each run. */
#include "core/base/size.h"
#include "core/graph/node.h"

static const fv_field fields[] = {
    FV_FIELD(fv_input_options, dtype, .required = true, .names = fv_dtype_names, .help = "dtype of the elements"),
    FV_FIELD(fv_input_options, dims, .help = "dimensions; none: a scalar"),
    FV_FIELD(fv_input_options, batch, .by_default = "true", .help = "the first dimension is the batch"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_input_options *o = call->options;
    if (o->batch && o->dims.count == 0) return fv_fail(FV_SHAPE, "a scalar has no batch: batch=false");
    call->outputs[0] = fv_type_make((fv_dtype)o->dtype, o->dims.at, (int)o->dims.count);
    return NULL;
}

const fv_op fv_op_input = {
    .name = "input",
    .version = 1,
    .summary = "an array that is fed before each run",
    .inputs = "",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_SOURCE,
    .shape = shape,
    .grad = fv_grad_none,
};
