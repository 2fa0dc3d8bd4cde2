/* reduce.c - sum, mean, max, min, argmax and variance over some axes; sum_like, which undoes a broadcast; size, which counts
 * what a reduction takes together.
 *
 * max and min: equal extremes share the gradient evenly (PyTorch's amax); NaN wins. argmax: the lowest index of equal ones.
 * variance: the mean square distance from the mean, over n or, unbiased, n − 1 elements. */
#include "core/ops/reduce.h"

#include <math.h>

#include "core/comm/shards.h"
#include "core/ops/emit.h"
#include "core/ops/expect.h"
#include "core/ops/reshape.h"

extern const fv_op fv_op_unsqueeze;

#define AXES                                                                                                                   \
    FV_FIELD(fv_reduce_options, axes, .alias = "axis", .help = "axes to reduce, from the end when negative; none: all of them")
#define KEEPDIMS FV_FIELD(fv_reduce_options, keepdims, .by_default = "false", .help = "reduced axes stay, with size 1")

static const fv_field fields[] = { AXES, KEEPDIMS, FV_FIELDS_END };
static const fv_field size_fields[] = { AXES, FV_FIELDS_END };
static const fv_field variance_fields[] = {
    AXES,
    KEEPDIMS,
    FV_FIELD(fv_reduce_options, unbiased, .by_default = "false", .help = "divide by n - 1 instead of n"),
    FV_FIELDS_END,
};

/* ---- shapes ---- */

fv_error *fv_reduce_axes(const fv_reduce_options *options, const fv_type *x, unsigned *out) {
    *out = options->axes.count == 0 ? (1u << x->rank) - 1 : 0;
    for (int64_t i = 0; i < options->axes.count; i++) {
        int axis;
        FV_TRY(fv_expect_axis(x, options->axes.at[i], &axis));
        if (*out >> axis & 1) return fv_fail(FV_SHAPE, "axis %d is named twice", axis);
        *out |= 1u << axis;
    }
    return NULL;
}

static fv_error *shape(fv_shape_call *call) {
    const fv_reduce_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    unsigned axes;
    FV_TRY(fv_reduce_axes(o, x, &axes));
    fv_type y = { .dtype = x->dtype };
    for (int d = 0; d < x->rank; d++) {
        bool reduced = axes >> d & 1;
        if (!reduced || o->keepdims) y.dims[y.rank++] = reduced ? 1 : x->dims[d];
    }
    call->outputs[0] = y;
    return NULL;
}

static fv_error *expect_summable(const fv_type *x) {
    if (fv_dtype_is_float(x->dtype) || x->dtype == FV_I32 || x->dtype == FV_I64) return NULL;
    return fv_error_hint(fv_fail(FV_SHAPE, "a sum of %s would soon not fit it", fv_dtype_name(x->dtype)), "cast it to i64");
}

static fv_error *sum_shape(fv_shape_call *call) {
    FV_TRY(expect_summable(&call->inputs[0]));
    return shape(call);
}

static fv_error *float_shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", NULL));
    return shape(call);
}

/* Of nothing there is no extreme. */
static fv_error *extreme_shape(fv_shape_call *call) {
    const fv_type *x = &call->inputs[0];
    unsigned axes;
    FV_TRY(fv_reduce_axes(call->options, x, &axes));
    for (int d = 0; d < x->rank; d++)
        if ((axes >> d & 1) && x->dims[d] == 0) return fv_fail(FV_SHAPE, "axis %d is empty and has no extreme", d);
    return shape(call);
}

static fv_error *argmax_shape(fv_shape_call *call) {
    const fv_reduce_options *o = call->options;
    if (o->axes.count > 1) return fv_fail(FV_SHAPE, "argmax takes one axis, or none for all elements in row order");
    FV_TRY(extreme_shape(call));
    call->outputs[0].dtype = FV_I64;
    return NULL;
}

static fv_error *size_shape(fv_shape_call *call) {
    unsigned axes;
    call->outputs[0] = (fv_type){ .dtype = call->inputs[0].dtype };
    FV_TRY(fv_expect(call, 0, "x", NULL));
    return fv_reduce_axes(call->options, &call->inputs[0], &axes);
}

static fv_error *sum_like_shape(fv_shape_call *call) {
    char want[256], have[256];
    const fv_type *x = &call->inputs[0], *like = &call->inputs[1];
    fv_type wide;
    FV_TRY(expect_summable(x));
    FV_TRY(fv_type_broadcast(x, like, &wide));
    if (!fv_type_equal(&wide, x))
        return fv_fail(FV_SHAPE, "%s is no broadcast of %s", fv_type_format(x, have), fv_type_format(like, want));
    call->outputs[0] = *like;
    call->outputs[0].dtype = x->dtype;
    return NULL;
}

/* ---- gradients ---- */

/* `y` has the shape of the node's result; with the reduced axes back it broadcasts against x. */
static fv_value with_axes(fv_graph *graph, const fv_node *node, fv_value y) {
    const fv_reduce_options *o = node->options;
    int rank = fv_value_type(graph, node->inputs[0])->rank;
    if (o->keepdims || rank == 0) return y;
    fv_unsqueeze_options back = { .axes = o->axes };
    for (int64_t i = 0; i < back.axes.count; i++) back.axes.at[i] += back.axes.at[i] < 0 ? rank : 0;
    for (int d = 0; d < rank && o->axes.count == 0; d++) back.axes.at[back.axes.count++] = d;
    return fv_graph_add(graph, &fv_op_unsqueeze, FV_VALUES(y), &back, NULL);
}

/* The reduction `op` of x over the node's axes, keeping them as the node does. */
static fv_value same_axes(fv_graph *graph, const fv_node *node, const char *op, fv_value x) {
    return fv_graph_add(graph, fv_op_find(op), FV_VALUES(x), node->options, NULL);
}

/* How many elements of x go into one of y. A value, not a number: the batch may be among them. */
static fv_value size_of(fv_graph *graph, const fv_node *node) { return same_axes(graph, node, "size", node->inputs[0]); }

static void sum_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "expand_like", with_axes(graph, node, dy[0]), node->inputs[0]);
}

static void mean_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value share = fv_apply2(graph, "div", dy[0], size_of(graph, node));
    dx[0] = fv_apply2(graph, "expand_like", with_axes(graph, node, share), node->inputs[0]);
}

static void extreme_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0];
    fv_value hit = fv_apply2(graph, "equal", x, with_axes(graph, node, fv_node_value(node, 0)));
    hit = fv_apply(graph, "cast", FV_VALUES(hit), "dtype=%s", fv_dtype_name(fv_value_type(graph, x)->dtype));
    fv_value share = fv_apply2(graph, "div", dy[0], same_axes(graph, node, "sum", hit));
    dx[0] = fv_apply2(graph, "mul", hit, with_axes(graph, node, share));
}

/* dx = dy · 2·(x − mean) / n, or n − 1: the mean's own share adds up to nothing. */
static void variance_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_reduce_options *o = node->options;
    fv_value x = node->inputs[0], count = size_of(graph, node);
    if (o->unbiased) count = fv_plus(graph, count, -1);
    fv_value share = fv_apply2(graph, "div", fv_scaled(graph, dy[0], 2), count);
    fv_value distance = fv_apply2(graph, "sub", x, with_axes(graph, node, same_axes(graph, node, "mean", x)));
    dx[0] = fv_apply2(graph, "mul", distance, with_axes(graph, node, share));
}

static void sum_like_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_apply2(graph, "expand_like", dy[0], node->inputs[0]);
}

/* ---- definition: for each element of y, a look at the elements of x that go into it ---- */

/* x's axes taken apart; data and dtype are x's. */
typedef struct walk {
    fv_tensor kept, reduced;
    int64_t count; /* elements of `reduced` */
} walk;

static walk take_apart(const fv_tensor *x, unsigned axes) {
    walk w = { .kept = { .type = { .dtype = x->type.dtype }, .data = x->data } };
    w.reduced = w.kept;
    for (int d = 0; d < x->type.rank; d++) {
        fv_tensor *side = axes >> d & 1 ? &w.reduced : &w.kept;
        side->strides[side->type.rank] = x->strides[d];
        side->type.dims[side->type.rank++] = x->type.dims[d];
    }
    w.count = fv_type_count(&w.reduced.type);
    return w;
}

/* Element i of those that go into the element of y at `base`. */
static double value_at(const walk *w, int64_t base, int64_t i) {
    return fv_tensor_load(&w->reduced, base + fv_tensor_offset(&w->reduced, i));
}

static double sum_of(const walk *w, int64_t base) {
    double sum = 0;
    for (int64_t i = 0; i < w->count; i++) sum += value_at(w, base, i);
    return sum;
}

static double mean_of(const walk *w, int64_t base) { return sum_of(w, base) / (double)w->count; }

static double squares_of(const walk *w, int64_t base) {
    double mean = mean_of(w, base), sum = 0;
    for (int64_t i = 0; i < w->count; i++) sum += (value_at(w, base, i) - mean) * (value_at(w, base, i) - mean);
    return sum;
}

static double variance_of(const walk *w, int64_t base) { return squares_of(w, base) / (double)w->count; }
static double unbiased_variance_of(const walk *w, int64_t base) { return squares_of(w, base) / (double)(w->count - 1); }

static double argmax_of(const walk *w, int64_t base) {
    int64_t best = 0;
    for (int64_t i = 1; i < w->count; i++) {
        double value = value_at(w, base, i), most = value_at(w, base, best);
        if (value > most || (isnan(value) && !isnan(most))) best = i;
    }
    return (double)best;
}

static double max_of(const walk *w, int64_t base) { return value_at(w, base, (int64_t)argmax_of(w, base)); }

static double min_of(const walk *w, int64_t base) {
    double least = value_at(w, base, 0);
    for (int64_t i = 1; i < w->count; i++) {
        double value = value_at(w, base, i);
        if (value < least || isnan(value)) least = value;
    }
    return least;
}

static void reduce(const fv_call *call, unsigned axes, double (*of)(const walk *w, int64_t base)) {
    const fv_tensor *y = &call->outputs[0];
    walk w = take_apart(&call->inputs[0], axes);
    for (int64_t i = 0, count = fv_type_count(&y->type); i < count; i++)
        fv_tensor_store(y, fv_tensor_offset(y, i), of(&w, fv_tensor_offset(&w.kept, i)));
}

static unsigned axes_of(const fv_call *call) {
    unsigned axes = 0;
    fv_error_free(fv_reduce_axes(call->options, &call->inputs[0].type, &axes)); /* no error: `shape` has asked the same */
    return axes;
}

static void sum_reference(const fv_call *call) { reduce(call, axes_of(call), sum_of); }
static void mean_reference(const fv_call *call) { reduce(call, axes_of(call), mean_of); }
static void max_reference(const fv_call *call) { reduce(call, axes_of(call), max_of); }
static void min_reference(const fv_call *call) { reduce(call, axes_of(call), min_of); }
static void argmax_reference(const fv_call *call) { reduce(call, axes_of(call), argmax_of); }

static void variance_reference(const fv_call *call) {
    bool unbiased = ((const fv_reduce_options *)call->options)->unbiased;
    reduce(call, axes_of(call), unbiased ? unbiased_variance_of : variance_of);
}

static void size_reference(const fv_call *call) {
    walk w = take_apart(&call->inputs[0], axes_of(call));
    bool batch = axes_of(call) & 1;
    fv_tensor_store(&call->outputs[0], 0, (double)(batch ? fv_count_all(call, w.count) : w.count));
}

unsigned fv_sum_like_axes(const fv_type *x, const fv_type *like) {
    unsigned axes = 0;
    for (int d = 0; d < x->rank; d++) {
        int i = d - (x->rank - like->rank);
        if (i < 0 || (like->dims[i] == 1 && x->dims[d] != 1)) axes |= 1u << d;
    }
    return axes;
}

static void sum_like_reference(const fv_call *call) {
    reduce(call, fv_sum_like_axes(&call->inputs[0].type, &call->inputs[1].type), sum_of);
}

/* One operation an element of x; the variance looks twice, with three the second time. */
static fv_work work(const fv_call *call) {
    return (fv_work){ .flops = (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static fv_work variance_work(const fv_call *call) {
    return (fv_work){ .flops = 4 * (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[2,3,5] axes=1",
    "x=f32[2,3,5]",
    "x=f32[2,3,5] axes=0,-1 keepdims=true",
    "x=f32[7] axes=0",
    "x=f32[]",
    "x=f32[] keepdims=true",
    "x=f32[1,1] axes=-1",
    "x=f32[9,2,3,17] axes=1,2",
    "x=f32[11,37] axes=-1",
    "x=f32[37,11] axes=0",
    "x=f32[13,5,7] axes=0,1",
    "x=f32[2,1,3] axes=1 keepdims=true",
    "x=f32[0,3] axes=1",
    "x=f32[5,1100,3] axes=1",
    "x=f32[9,1300] axes=0",
    "x=f32[3,2,700] axes=0,2",
    "x=f32[4,3,5,6,7] axes=0,2,4",
    "x=f32[4,3,5,6,7] axes=1,3",
    "x=f32[20000]",
    "x=f64[70,3] axes=0",
    NULL,
};
static const char *const sum_cases[] = {
    "x=f32[2,3,5] axes=1",
    "x=f32[2,3,5]",
    "x=f32[2,3,5] axes=0,-1 keepdims=true",
    "x=f32[7] axes=0",
    "x=f32[]",
    "x=f32[1,1]",
    "x=f32[9,2,3,17] axes=1,2",
    "x=f32[11,37] axes=-1",
    "x=f32[37,11] axes=0",
    "x=i64[9]:-9..9",
    "x=f32[13,5,7] axes=0,1",
    "x=f32[9,5,3,18] axes=0,1,2",
    "x=f32[0,3] axes=0",
    "x=f32[0,3]",
    "x=f32[2,1,3] axes=1 keepdims=true",
    "x=f32[5,1100,3] axes=1",
    "x=f32[9,1300] axes=0",
    "x=f32[1,3,700] axes=0,2",
    "x=f32[4,3,5,6,7] axes=0,2,4",
    "x=f32[4,3,5,6,7] axes=1,3",
    "x=f32[16,29,29,17] axes=0,1,2",
    NULL,
};
static const char *const argmax_cases[] = {
    "x=f32[2,3,5] axes=1",
    "x=f32[2,3,5]",
    "x=f32[7,11] axis=-1 keepdims=true",
    "x=f32[]",
    "x=u8[9,4] axes=1",
    "x=f32[0,3] axes=1",
    "x=u8[3,1500]:0..200 axes=1",
    "x=u8[2,700,5] axes=1",
    "x=u8[70,5] axes=0",
    "x=u8[9,1300]",
    NULL,
};
static const char *const variance_cases[] = {
    "x=f32[2,3,5] axes=1",
    "x=f32[2,3,5] unbiased=true",
    "x=f32[9,4,7] axes=0,1 keepdims=true",
    "x=f32[3,1] axes=1",
    "x=f32[7,33] axes=-1 unbiased=true",
    "x=f32[30,1100]:5..6 axes=0",
    NULL,
};
static const char *const size_cases[] = { "x=f32[2,3,5]", "x=f32[2,3,5] axes=0,2", "x=f32[]", NULL };
static const char *const like_cases[] = {
    "x=f32[2,3,5] like=f32[3,1]",      "x=f32[7,4] like=f32[4]",
    "x=f32[7,4] like=f32[]",           "x=f32[9,2,2,17] like=f32[9,1,1,17]",
    "x=f32[3,4] like=f32[3,4]",        "x=f32[9,2,2,17] like=f32[1,1,17]",
    "x=f32[0,3] like=f32[3]",          "x=f32[9,5,3,700] like=f32[5,1,700]",
    "x=f32[20,30,40] like=f32[30,40]", NULL,
};

const fv_op fv_op_sum = {
    .name = "sum",
    .version = 1,
    .summary = "sum over some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = sum_shape,
    .grad = sum_grad,
    .reference = sum_reference,
    .work = work,
    .cases = sum_cases,
};

const fv_op fv_op_mean = {
    .name = "mean",
    .version = 1,
    .summary = "mean over some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = float_shape,
    .grad = mean_grad,
    .reference = mean_reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_max = {
    .name = "max",
    .version = 1,
    .summary = "largest element along some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = extreme_shape,
    .grad = extreme_grad,
    .reference = max_reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_min = {
    .name = "min",
    .version = 1,
    .summary = "smallest element along some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = extreme_shape,
    .grad = extreme_grad,
    .reference = min_reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_argmax = {
    .name = "argmax",
    .version = 1,
    .summary = "index of the largest element along an axis",
    .inputs = "x",
    .outputs = "y!",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = argmax_shape,
    .grad = fv_grad_refused,
    .reference = argmax_reference,
    .work = work,
    .cases = argmax_cases,
};

const fv_op fv_op_variance = {
    .name = "variance",
    .version = 1,
    .summary = "mean square distance from the mean over some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = variance_fields,
    .flags = FV_OP_JOINS,
    .shape = float_shape,
    .grad = variance_grad,
    .reference = variance_reference,
    .work = variance_work,
    .cases = variance_cases,
};

const fv_op fv_op_size = {
    .name = "size",
    .version = 1,
    .summary = "how many elements some axes have in all, as a number of the same dtype",
    .inputs = "x!",
    .outputs = "y",
    .fields = size_fields,
    .flags = FV_OP_JOINS,
    .shape = size_shape,
    .grad = fv_grad_none,
    .reference = size_reference,
    .cases = size_cases,
};

const fv_op fv_op_sum_like = {
    .name = "sum_like",
    .version = 1,
    .summary = "summed to a shape that broadcasts to this one",
    .inputs = "x,like!",
    .outputs = "y",
    .flags = FV_OP_JOINS,
    .shape = sum_like_shape,
    .grad = sum_like_grad,
    .reference = sum_like_reference,
    .work = work,
    .cases = like_cases,
};
