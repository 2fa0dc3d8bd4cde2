/* cast.c - the same numbers in another dtype. A fraction that goes to an integer is cut off, as in C and PyTorch; what does not
 * fit saturates, NaN becomes 0; to bool, whatever is not 0 is true. Gradient flows between floating-point dtypes only. */
#include <math.h>

#include "core/ops/emit.h"

typedef struct fv_cast_options {
    int dtype; /* fv_dtype */
} fv_cast_options;

static const fv_field fields[] = {
    FV_FIELD(fv_cast_options, dtype, .required = true, .names = fv_dtype_names, .help = "dtype of the result"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    call->outputs[0] = call->inputs[0];
    call->outputs[0].dtype = (fv_dtype)((const fv_cast_options *)call->options)->dtype;
    return NULL;
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_dtype from = fv_value_type(graph, node->inputs[0])->dtype;
    if (fv_dtype_is_float(from) && fv_dtype_is_float(node->outputs[0].dtype))
        dx[0] = fv_apply(graph, "cast", FV_VALUES(dy[0]), "dtype=%s", fv_dtype_name(from));
}

static double cast(const void *options, const double *x) {
    fv_dtype to = (fv_dtype)((const fv_cast_options *)options)->dtype;
    return fv_dtype_is_float(to) || to == FV_BOOL ? x[0] : trunc(x[0]);
}

static const char *const cases[] = {
    "x=f32[2,3,5]:-3..3 dtype=i32", "x=u8[1037]:0..255 dtype=f32", "x=bool[7] dtype=f32",      "x=u8[5]:0..255 dtype=bf16",
    "x=i32[33]:-9..9 dtype=f16",    "x=i64[5]:-9..9 dtype=f32",    "x=f32[5]:0..2 dtype=bool", "x=f32[] dtype=f64",
    "x=f32[0,3] dtype=u8",          "x=f32[9]:-300..300 dtype=u8", "x=f32[9] dtype=f64",       NULL,
};

const fv_op fv_op_cast = {
    .name = "cast",
    .version = 1,
    .summary = "the same numbers in another dtype",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = grad,
    .reference = fv_reference_elementwise,
    .scalar = cast,
    .cases = cases,
};
