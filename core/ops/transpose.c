/* transpose.c - the axes in another order: axis d of y is axis axes[d] of x. A view. */
#include "core/ops/emit.h"
#include "core/ops/expect.h"

typedef struct fv_transpose_options {
    fv_ints axes;
} fv_transpose_options;

extern const fv_op fv_op_transpose;

static const fv_field fields[] = {
    FV_FIELD(fv_transpose_options, axes,
             .help = "the axes of x in their new order, from the end when negative; none: reversed"),
    FV_FIELDS_END,
};

/* order[d]: the axis of x that becomes axis d. Axes in range are assumed. */
static void order_of(const fv_transpose_options *o, int rank, int order[FV_RANK_MAX]) {
    for (int d = 0; d < rank; d++) {
        int64_t axis = o->axes.count ? o->axes.at[d] : rank - 1 - d;
        order[d] = (int)(axis < 0 ? axis + rank : axis);
    }
}

static fv_error *shape(fv_shape_call *call) {
    const fv_transpose_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    int order[FV_RANK_MAX];
    unsigned seen = 0;
    char have[256];
    if (o->axes.count && o->axes.count != x->rank)
        return fv_fail(FV_SHAPE, "%lld axes are given, but x is %s", (long long)o->axes.count, fv_type_format(x, have));
    for (int64_t i = 0; i < o->axes.count; i++) {
        int axis;
        FV_TRY(fv_expect_axis(x, o->axes.at[i], &axis));
        if (seen >> axis & 1) return fv_fail(FV_SHAPE, "axis %d is named twice", axis);
        seen |= 1u << axis;
    }
    order_of(o, x->rank, order);
    call->outputs[0] = *x;
    for (int d = 0; d < x->rank; d++) call->outputs[0].dims[d] = x->dims[order[d]];
    return NULL;
}

/* The inverse order. */
static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_transpose_options back = { .axes.count = node->outputs[0].rank };
    int order[FV_RANK_MAX];
    order_of(node->options, node->outputs[0].rank, order);
    for (int d = 0; d < node->outputs[0].rank; d++) back.axes.at[order[d]] = d;
    dx[0] = fv_graph_add(graph, &fv_op_transpose, FV_VALUES(dy[0]), &back, NULL);
}

static void view(const void *options, const fv_tensor *x, fv_tensor *y) {
    int order[FV_RANK_MAX];
    order_of(options, x->type.rank, order);
    y->data = x->data;
    for (int d = 0; d < x->type.rank; d++) y->strides[d] = x->strides[order[d]];
}

static const char *const cases[] = {
    "x=f32[2,3,5]",
    "x=f32[2,3,5] axes=0,2,1",
    "x=f32[2,3,5,7] axes=0,3,1,2",
    "x=f32[2,3,5,7] axes=-1,0,-2,1",
    "x=f32[2,3,5] axes=0,1,2",
    "x=f32[]",
    "x=f32[4] axes=0",
    "x=f32[0,3] axes=1,0",
    "x=i64[3,2] axes=1,0",
    NULL,
};

const fv_op fv_op_transpose = {
    .name = "transpose",
    .version = 1,
    .summary = "the axes in another order",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_VIEW,
    .shape = shape,
    .grad = grad,
    .view = view,
    .cases = cases,
};
