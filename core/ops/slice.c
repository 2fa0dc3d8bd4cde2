/* slice.c - every step-th element from begin up to end along some axes, with Python's rules: what is negative counts from the
 * end, what lies beyond an end is cut to it, a negative step walks backwards. A view; its gradient, unslice, puts dy back to
 * where it came from, in a tensor of zeros. */
#include "core/base/size.h"
#include "core/ops/elements.h"
#include "core/ops/emit.h"
#include "core/ops/expect.h"

typedef struct fv_slice_options {
    fv_ints axes, begin, end, step;
} fv_slice_options;

extern const fv_op fv_op_slice, fv_op_unslice;

static const fv_field fields[] = {
    FV_FIELD(fv_slice_options, axes, .alias = "axis",
             .help = "axes to slice, from the end when negative; none: the first ones"),
    FV_FIELD(fv_slice_options, begin, .help = "first index, one number an axis; none: where the walk can begin"),
    FV_FIELD(fv_slice_options, end, .help = "index to stop in front of, one number an axis; none: all there is"),
    FV_FIELD(fv_slice_options, step, .min = -FV_EXTENT_MAX, .max = FV_EXTENT_MAX, .help = "one number an axis; none: 1"),
    FV_FIELDS_END,
};

/* What is taken of one axis. */
typedef struct range {
    int64_t begin, step, count;
} range;

/* An index as Python reads it, cut to [low, high]. */
static int64_t index_of(int64_t index, int64_t length, int64_t low, int64_t high) {
    if (index < 0) index += length;
    return index < low ? low : index > high ? high : index;
}

static range range_of(const fv_slice_options *o, int64_t i, int64_t length) {
    int64_t step = o->step.count ? o->step.at[i] : 1;
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
    int64_t begin = o->begin.count ? index_of(o->begin.at[i], length, low, high) : step > 0 ? low : high;
    int64_t end = o->end.count ? index_of(o->end.at[i], length, low, high) : step > 0 ? high : low;
    int64_t way = step > 0 ? end - begin : begin - end;
    return (range){ begin, step, way > 0 ? fv_ceil_div(way, step > 0 ? step : -step) : 0 };
}

/* What is taken of each axis of x. */
static fv_error *ranges_of(const fv_slice_options *o, const fv_type *x, range ranges[FV_RANK_MAX]) {
    int64_t count = fv_max(fv_max(o->axes.count, o->begin.count), fv_max(o->end.count, o->step.count));
    const fv_ints *lists[] = { &o->axes, &o->begin, &o->end, &o->step };
    unsigned seen = 0;
    for (int i = 0; i < 4; i++)
        if (lists[i]->count && lists[i]->count != count)
            return fv_fail(FV_SHAPE, "axes, begin, end and step are lists of one length, but one has %lld and one %lld",
                           (long long)lists[i]->count, (long long)count);
    for (int d = 0; d < x->rank; d++) ranges[d] = (range){ 0, 1, x->dims[d] };
    for (int64_t i = 0; i < count; i++) {
        int axis;
        FV_TRY(fv_expect_axis(x, o->axes.count ? o->axes.at[i] : i, &axis));
        if (seen >> axis & 1) return fv_fail(FV_SHAPE, "axis %d is named twice", axis);
        if (o->step.count && o->step.at[i] == 0) return fv_fail(FV_SHAPE, "a step of 0 gets nowhere");
        seen |= 1u << axis;
        ranges[axis] = range_of(o, i, x->dims[axis]);
    }
    return NULL;
}

static fv_error *sliced(const fv_slice_options *o, const fv_type *x, fv_type *y) {
    range ranges[FV_RANK_MAX];
    FV_TRY(ranges_of(o, x, ranges));
    *y = *x;
    for (int d = 0; d < x->rank; d++) y->dims[d] = ranges[d].count;
    return NULL;
}

static fv_error *shape(fv_shape_call *call) { return sliced(call->options, &call->inputs[0], &call->outputs[0]); }

static fv_error *unslice_shape(fv_shape_call *call) {
    fv_type dy, like = call->inputs[1];
    like.dtype = call->inputs[0].dtype;
    FV_TRY(sliced(call->options, &like, &dy));
    call->outputs[0] = like;
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_unslice, FV_VALUES(dy[0], node->inputs[0]), node->options, NULL);
}

static void unslice_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_slice, FV_VALUES(dz[0]), node->options, NULL);
}

static void view(const void *options, const fv_tensor *x, fv_tensor *y) {
    range ranges[FV_RANK_MAX];
    int64_t offset = 0;
    fv_error_free(ranges_of(options, &x->type, ranges)); /* no error: `shape` has asked the same */
    for (int d = 0; d < x->type.rank; d++) {
        y->strides[d] = x->strides[d] * ranges[d].step;
        offset += x->strides[d] * ranges[d].begin;
    }
    y->data = (char *)x->data + (fv_type_count(&y->type) ? offset * fv_dtype_size(x->type.dtype) : 0);
}

static bool takes_other_rows(const void *options, const fv_type *like) {
    range ranges[FV_RANK_MAX];
    fv_error_free(ranges_of(options, like, ranges));
    return like->rank > 0 && (ranges[0].begin != 0 || ranges[0].step != 1);
}

static bool mixes_rows(const void *options, const fv_type *inputs) { return takes_other_rows(options, &inputs[0]); }
static bool unslice_mixes_rows(const void *options, const fv_type *inputs) { return takes_other_rows(options, &inputs[1]); }

static void unslice_reference(const fv_call *call) {
    const fv_tensor *dy = &call->inputs[0], *dx = &call->outputs[0];
    fv_tensor taken = { .type = dy->type };
    for (int64_t i = 0, count = fv_type_count(&dx->type); i < count; i++) fv_tensor_store(dx, fv_tensor_offset(dx, i), 0);
    view(call->options, dx, &taken);
    fv_elements_copy(&taken, dy);
}

static fv_work unslice_work(const fv_call *call) { return (fv_work){ .flops = 0, .bytes = fv_call_bytes(call) }; }

static const char *const cases[] = {
    "x=f32[5,3] begin=1 end=4",
    "x=f32[2,7,5] axes=1 begin=-1 end=-6 step=-2",
    "x=f32[2,7,5] axes=1,-1 begin=0,1 end=99,-1 step=3,1",
    "x=f32[5] step=-1",
    "x=f32[5] begin=3 end=-99 step=-3",
    "x=f32[5,3] begin=4 end=2",
    "x=f32[1] begin=0",
    "x=f32[0,3] axis=1 end=2",
    "x=f32[] ",
    "x=i64[7] begin=2",
    NULL,
};
static const char *const unslice_cases[] = {
    "dy=f32[3,3] like=f32[5,3] begin=1 end=4",
    "dy=f32[2,3,5] like=f32[2,7,5] axes=1 begin=-1 end=-6 step=-2",
    "dy=f32[5] like=f32[5] step=-1",
    "dy=f32[0,3] like=f32[5,3] begin=4 end=2",
    "dy=f32[9,4,4,3] like=f32[9,8,7,3] axes=1,2 step=2,2",
    NULL,
};

const fv_op fv_op_slice = {
    .name = "slice",
    .version = 1,
    .summary = "every step-th element from begin up to end, along some axes",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_VIEW,
    .shape = shape,
    .grad = grad,
    .view = view,
    .mixes_rows = mixes_rows,
    .cases = cases,
};

const fv_op fv_op_unslice = {
    .name = "unslice",
    .version = 1,
    .summary = "gradient of slice: dy back where it came from, zeros around it",
    .inputs = "dy,like!",
    .outputs = "dx",
    .fields = fields,
    .shape = unslice_shape,
    .grad = unslice_grad,
    .reference = unslice_reference,
    .mixes_rows = unslice_mixes_rows,
    .work = unslice_work,
    .cases = unslice_cases,
};
