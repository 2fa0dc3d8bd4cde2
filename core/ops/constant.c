/* constant.c - one number, broadcast where it is used. */
#include "core/graph/op.h"

typedef struct fv_constant_options {
    int dtype; /* fv_dtype */
    double value;
} fv_constant_options;

static const fv_field fields[] = {
    FV_FIELD(fv_constant_options, dtype, .names = fv_dtype_names, .help = "dtype of the number"),
    FV_FIELD(fv_constant_options, value, .required = true, .help = "the number"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_constant_options *o = call->options;
    call->outputs[0] = (fv_type){ .dtype = (fv_dtype)o->dtype };
    return NULL;
}

static void reference(const fv_call *call) {
    const fv_constant_options *o = call->options;
    fv_tensor_store(&call->outputs[0], 0, o->value);
}

static const char *const cases[] = { "value=2.5", "dtype=i64 value=-3", "dtype=bool value=1", NULL };

const fv_op fv_op_constant = {
    .name = "constant",
    .version = 1,
    .summary = "one number",
    .inputs = "",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_none,
    .reference = reference,
    .cases = cases,
};
