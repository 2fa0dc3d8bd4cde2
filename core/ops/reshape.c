/* reshape.c - the same elements in row order under other dimensions: reshape, reshape_like, squeeze, unsqueeze. All are views
 * where the strides allow it. */
#include "core/ops/reshape.h"

#include "core/base/size.h"
#include "core/ops/emit.h"
#include "core/ops/expect.h"

typedef struct fv_reshape_options {
    fv_ints dims;
} fv_reshape_options;

static const fv_field reshape_fields[] = {
    FV_FIELD(fv_reshape_options, dims, .min = -1, .max = INFINITY,
             .help = "dimensions; 0 keeps that of x at the same place, one -1 takes what is left; none: a scalar"),
    FV_FIELDS_END,
};
static const fv_field unsqueeze_fields[] = {
    FV_FIELD(fv_unsqueeze_options, axes, .required = true, .alias = "axis",
             .help = "axes of size 1 to put in, as the result counts them, from its end when negative"),
    FV_FIELDS_END,
};
static const fv_field squeeze_fields[] = {
    FV_FIELD(fv_unsqueeze_options, axes, .required = true, .alias = "axis",
             .help = "axes of size 1 to take out, from the end when negative"),
    FV_FIELDS_END,
};

/* ---- shapes ---- */

static fv_error *does_not_fit(const fv_type *x, const fv_type *y) {
    char have[256], want[256];
    return fv_fail(FV_SHAPE, "%s has %lld elements and cannot become %s", fv_type_format(x, have), (long long)fv_type_count(x),
                   fv_type_format(y, want));
}

/* The one dimension `open` of y from what the others leave. */
static fv_error *infer_dimension(const fv_type *x, fv_type *y, int open) {
    int64_t count = fv_type_count(x), others = 1;
    for (int d = 0; d < y->rank; d++)
        if (d != open && !fv_size_mul(others, y->dims[d], &others)) return does_not_fit(x, y);
    if (others == 0 || count % others) return does_not_fit(x, y);
    y->dims[open] = count / others;
    return NULL;
}

static fv_error *shape(fv_shape_call *call) {
    const fv_reshape_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    fv_type y = { .dtype = x->dtype, .rank = (int)o->dims.count };
    int open = -1;
    for (int d = 0; d < y.rank; d++) {
        y.dims[d] = o->dims.at[d];
        if (y.dims[d] == 0 && d >= x->rank) return fv_fail(FV_SHAPE, "dimension %d is to be kept, but x has %d", d, x->rank);
        if (y.dims[d] == 0) y.dims[d] = x->dims[d];
        if (o->dims.at[d] == -1 && open >= 0) return fv_fail(FV_SHAPE, "only one dimension can be -1");
        if (o->dims.at[d] == -1) open = d;
    }
    if (open >= 0) FV_TRY(infer_dimension(x, &y, open));
    FV_TRY(fv_type_check(&y));
    if (fv_type_count(&y) != fv_type_count(x)) return does_not_fit(x, &y);
    call->outputs[0] = y;
    return NULL;
}

static fv_error *like_shape(fv_shape_call *call) {
    fv_type y = call->inputs[1];
    y.dtype = call->inputs[0].dtype;
    if (fv_type_count(&y) != fv_type_count(&call->inputs[0])) return does_not_fit(&call->inputs[0], &y);
    call->outputs[0] = y;
    return NULL;
}

static fv_error *unsqueeze_shape(fv_shape_call *call) {
    const fv_unsqueeze_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    fv_type y = { .dtype = x->dtype, .rank = x->rank + (int)o->axes.count };
    unsigned added = 0;
    if (y.rank > FV_RANK_MAX) return fv_fail(FV_SHAPE, "%d dimensions, but there can be %d at most", y.rank, FV_RANK_MAX);
    for (int64_t i = 0; i < o->axes.count; i++) {
        int64_t axis = o->axes.at[i] + (o->axes.at[i] < 0 ? y.rank : 0);
        if (axis < 0 || axis >= y.rank || added >> axis & 1)
            return fv_fail(FV_SHAPE, "axis %lld is outside the result's %d or named twice", (long long)o->axes.at[i], y.rank);
        added |= 1u << axis;
    }
    for (int d = 0, from = 0; d < y.rank; d++) y.dims[d] = added >> d & 1 ? 1 : x->dims[from++];
    call->outputs[0] = y;
    return NULL;
}

static fv_error *squeeze_shape(fv_shape_call *call) {
    const fv_unsqueeze_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    fv_type y = { .dtype = x->dtype };
    unsigned removed = 0;
    char have[256];
    for (int64_t i = 0; i < o->axes.count; i++) {
        int axis;
        FV_TRY(fv_expect_axis(x, o->axes.at[i], &axis));
        if (x->dims[axis] != 1) return fv_fail(FV_SHAPE, "axis %d of %s is not of size 1", axis, fv_type_format(x, have));
        removed |= 1u << axis;
    }
    for (int d = 0; d < x->rank; d++)
        if (!(removed >> d & 1)) y.dims[y.rank++] = x->dims[d];
    call->outputs[0] = y;
    return NULL;
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "reshape_like", dy[0], node->inputs[0]);
}

/* ---- views ---- */

/* Any strides carry over where only dimensions of size 1 come and go. */
static bool carry_strides(const fv_tensor *x, fv_tensor *y) {
    int from = 0;
    for (int d = 0; d < y->type.rank; d++) {
        if (y->type.dims[d] == 1) continue;
        while (from < x->type.rank && x->type.dims[from] == 1) from++;
        if (from == x->type.rank || x->type.dims[from] != y->type.dims[d]) return false;
        y->strides[d] = x->strides[from++];
    }
    while (from < x->type.rank && x->type.dims[from] == 1) from++;
    return from == x->type.rank;
}

static void view(const void *options, const fv_tensor *x, fv_tensor *y) {
    (void)options;
    *y = fv_tensor_of(&y->type, x->data);
    if (!fv_tensor_is_contiguous(x) && !carry_strides(x, y)) y->data = NULL;
}

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[2,3,5] dims=0,-1", "x=f32[2,3,5] dims=5,3,2", "x=f32[6] dims=-1,3", "x=f32[1] dims=",          "x=f32[] dims=1,1",
    "x=f32[2,0] dims=0,-1",   "x=f32[0,3] dims=0,1,3",   "x=i64[4] dims=2,2",  "x=f32[2,1,3] dims=0,3,1", NULL,
};
static const char *const like_cases[] = {
    "x=f32[2,3,5] like=f32[6,5]", "x=f32[1] like=f32[]", "x=f32[0,3] like=f32[7,0]", "x=f32[4] like=u8[2,2]", NULL,
};
static const char *const unsqueeze_cases[] = {
    "x=f32[2,3] axes=0", "x=f32[2,3] axes=1,3", "x=f32[2,3] axes=-1", "x=f32[] axes=0,1", "x=f32[0,3] axis=1", NULL,
};
static const char *const squeeze_cases[] = {
    "x=f32[2,1,3,1] axes=1", "x=f32[2,1,3,1] axes=-1,1", "x=f32[1,1] axes=0,1", "x=f32[0,1] axis=1", NULL,
};

const fv_op fv_op_reshape = {
    .name = "reshape",
    .version = 1,
    .summary = "the same elements in row order under other dimensions",
    .inputs = "x",
    .outputs = "y",
    .fields = reshape_fields,
    .flags = FV_OP_VIEW,
    .shape = shape,
    .grad = grad,
    .view = view,
    .cases = cases,
};

const fv_op fv_op_reshape_like = {
    .name = "reshape_like",
    .version = 1,
    .summary = "the same elements in row order in another tensor's shape",
    .inputs = "x,like!",
    .outputs = "y",
    .flags = FV_OP_VIEW,
    .shape = like_shape,
    .grad = grad,
    .view = view,
    .cases = like_cases,
};

const fv_op fv_op_unsqueeze = {
    .name = "unsqueeze",
    .version = 1,
    .summary = "puts in axes of size 1",
    .inputs = "x",
    .outputs = "y",
    .fields = unsqueeze_fields,
    .flags = FV_OP_VIEW,
    .shape = unsqueeze_shape,
    .grad = grad,
    .view = view,
    .cases = unsqueeze_cases,
};

const fv_op fv_op_squeeze = {
    .name = "squeeze",
    .version = 1,
    .summary = "takes out axes of size 1",
    .inputs = "x",
    .outputs = "y",
    .fields = squeeze_fields,
    .flags = FV_OP_VIEW,
    .shape = squeeze_shape,
    .grad = grad,
    .view = view,
    .cases = squeeze_cases,
};
