/* one_hot.c - class numbers to rows that are 1 at the class and 0 elsewhere; a number that is no class gives a row of zeros (a
 * label to be ignored). */
#include "core/graph/op.h"
#include "core/ops/expect.h"

typedef struct fv_one_hot_options {
    int64_t classes;
    int dtype; /* fv_dtype */
} fv_one_hot_options;

static const fv_field fields[] = {
    FV_FIELD(fv_one_hot_options, classes, .required = true, .min = 1, .max = FV_EXTENT_MAX, .help = "length of a row"),
    FV_FIELD(fv_one_hot_options, dtype, .by_default = "f32", .names = fv_dtype_names, .help = "dtype of the rows"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_one_hot_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    char have[256];
    if (fv_dtype_is_float(x->dtype) || x->dtype == FV_BOOL)
        return fv_fail(FV_SHAPE, "x is %s, but class numbers are integers", fv_type_format(x, have));
    if (x->rank == FV_RANK_MAX) return fv_fail(FV_SHAPE, "x has %d dimensions already", x->rank);
    call->outputs[0] = *x;
    call->outputs[0].dtype = (fv_dtype)o->dtype;
    call->outputs[0].dims[call->outputs[0].rank++] = o->classes;
    return NULL;
}

static void reference(const fv_call *call) {
    const fv_one_hot_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    for (int64_t i = 0, count = fv_type_count(&y->type); i < count; i++) {
        double class = fv_tensor_load(x, fv_tensor_offset(x, i / o->classes));
        fv_tensor_store(y, fv_tensor_offset(y, i), class == (double)(i % o->classes));
    }
}

static const char *const cases[] = {
    "x=i64[7]:0..4 classes=5",
    "x=i32[2,3]:-1..4 classes=3",
    "x=i64[] classes=4",
    "x=i64[0] classes=2",
    "x=u8[5]:0..9 classes=10 dtype=f64",
    "x=i64[1037]:0..999 classes=100",
    NULL,
};

const fv_op fv_op_one_hot = {
    .name = "one_hot",
    .version = 1,
    .summary = "a row for each class number: 1 at the class, else 0",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_none,
    .reference = reference,
    .cases = cases,
};
