/* expand.c - broadcasting as an op: to another tensor's shape, or to dimensions that are written down. Views with stride 0. */
#include "core/ops/emit.h"
#include "core/ops/expect.h"

typedef struct fv_broadcast_to_options {
    fv_ints dims;
} fv_broadcast_to_options;

static const fv_field fields[] = {
    FV_FIELD(fv_broadcast_to_options, dims, .min = 0, .max = INFINITY,
             .help = "dimensions of the result; 0 keeps that of x, counted from the end"),
    FV_FIELDS_END,
};

/* x broadcast to y's dimensions: axes are matched from the end, and 1 becomes any number. */
static fv_error *expand(const fv_type *x, const fv_type *y, fv_type *out) {
    char have[256], want[256];
    fv_type both, wide = *y;
    wide.dtype = x->dtype;
    FV_TRY(fv_type_broadcast(x, &wide, &both));
    *out = wide;
    if (fv_type_equal(&both, &wide)) return NULL;
    return fv_fail(FV_SHAPE, "%s cannot be broadcast to %s", fv_type_format(x, have), fv_type_format(&wide, want));
}

static fv_error *like_shape(fv_shape_call *call) { return expand(&call->inputs[0], &call->inputs[1], &call->outputs[0]); }

static fv_error *shape(fv_shape_call *call) {
    const fv_broadcast_to_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    fv_type y = fv_type_make(x->dtype, o->dims.at, (int)o->dims.count);
    for (int d = 0; d < y.rank; d++) {
        int from = d - (y.rank - x->rank);
        if (y.dims[d] == 0 && from < 0) return fv_fail(FV_SHAPE, "dimension %d is to be kept, but x has %d", d, x->rank);
        if (y.dims[d] == 0) y.dims[d] = x->dims[from];
    }
    return expand(x, &y, &call->outputs[0]);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_unbroadcast(graph, dy[0], node->inputs[0]);
}

static void view(const void *options, const fv_tensor *x, fv_tensor *y) {
    (void)options;
    *y = fv_tensor_broadcast(x, &y->type);
}

static const char *const like_cases[] = {
    "x=f32[3,1] like=f32[2,3,5]",
    "x=f32[] like=f32[2,3]",
    "x=f32[] like=f32[]",
    "x=f32[2,3] like=f32[2,3]",
    "x=f32[1,3] like=f32[0,3]",
    "x=f32[5,1,1,3] like=u8[5,2,4,3]",
    NULL,
};
static const char *const cases[] = {
    "x=f32[3,1] dims=2,3,5",
    "x=f32[] dims=2,3",
    "x=f32[7,1] dims=0,4",
    "x=f32[1] dims=1",
    "x=f32[] dims=",
    "x=f32[0,1] dims=0,3",
    NULL,
};

const fv_op fv_op_expand_like = {
    .name = "expand_like",
    .version = 1,
    .summary = "x broadcast to another tensor's shape",
    .inputs = "x,like!",
    .outputs = "y",
    .flags = FV_OP_VIEW,
    .shape = like_shape,
    .grad = grad,
    .view = view,
    .cases = like_cases,
};

const fv_op fv_op_broadcast_to = {
    .name = "broadcast_to",
    .version = 1,
    .summary = "x broadcast to these dimensions",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_VIEW,
    .shape = shape,
    .grad = grad,
    .view = view,
    .cases = cases,
};
