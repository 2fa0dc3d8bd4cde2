/* values.c - a small constant tensor written out: class weights, filter taps. One number alone is `constant`. */
#include <math.h>

#include "core/graph/op.h"

typedef struct fv_values_options {
    int dtype; /* fv_dtype */
    fv_ints dims;
    fv_floats values;
} fv_values_options;

static const fv_field fields[] = {
    FV_FIELD(fv_values_options, dtype, .names = fv_dtype_names, .help = "dtype of the numbers"),
    FV_FIELD(fv_values_options, dims, .required = true, .min = 0, .max = INFINITY, .help = "dimensions of the result"),
    FV_FIELD(fv_values_options, values, .required = true, .help = "the numbers, in row order"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_values_options *o = call->options;
    fv_type type = fv_type_make((fv_dtype)o->dtype, o->dims.at, (int)o->dims.count);
    FV_TRY(fv_type_check(&type));
    if (fv_type_count(&type) != o->values.count)
        return fv_fail(FV_SHAPE, "%lld values for %lld elements", (long long)o->values.count, (long long)fv_type_count(&type));
    call->outputs[0] = type;
    return NULL;
}

static void reference(const fv_call *call) {
    const fv_values_options *o = call->options;
    const fv_tensor *y = &call->outputs[0];
    for (int64_t i = 0; i < o->values.count; i++) fv_tensor_store(y, fv_tensor_offset(y, i), o->values.at[i]);
}

static const char *const cases[] = { "dims=1,3 values=0.5,2,-1.25", "dtype=i64 dims=2,2 values=1,2,3,4", NULL };

const fv_op fv_op_values = {
    .name = "values",
    .version = 1,
    .summary = "a small tensor written out",
    .inputs = "",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_none,
    .reference = reference,
    .cases = cases,
};
