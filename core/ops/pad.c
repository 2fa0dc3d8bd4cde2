/* pad.c - adds a border along any axes: a constant, the picture reflected at its edge (which is not repeated), or the edge
 * repeated. The gradient adds up, for each element of x, what all its images received. */
#include "core/ops/pad.h"

#include "core/base/size.h"
#include "core/graph/node.h"
#include "core/ops/expect.h"

extern const fv_op fv_op_pad, fv_op_pad_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_pad_options, begin, .required = true, .min = 0, .max = FV_EXTENT_MAX,
             .help = "elements to add before, one number an axis"),
    FV_FIELD(fv_pad_options, end, .required = true, .min = 0, .max = FV_EXTENT_MAX,
             .help = "elements to add behind, one number an axis"),
    FV_FIELD(fv_pad_options, mode, .by_default = "constant", .names = "constant,reflect,edge", .help = "what the border shows"),
    FV_FIELD(fv_pad_options, value, .by_default = "0", .help = "value of a constant border"),
    FV_FIELDS_END,
};

static fv_error *padded(const fv_type *x, const fv_pad_options *o, fv_type *y) {
    char have[256];
    if (o->begin.count != x->rank || o->end.count != x->rank)
        return fv_fail(FV_SHAPE, "begin has %lld numbers, end %lld, but x %s has %d axes", (long long)o->begin.count,
                       (long long)o->end.count, fv_type_format(x, have), x->rank);
    *y = *x;
    for (int d = 0; d < x->rank; d++) {
        int64_t most = fv_max(o->begin.at[d], o->end.at[d]), room = o->mode == FV_PAD_REFLECT ? x->dims[d] - 1 : x->dims[d];
        if (o->mode == FV_PAD_REFLECT && most > fv_max(room, 0))
            return fv_fail(FV_SHAPE, "axis %d of %lld cannot be reflected by %lld: %lld at most", d, (long long)x->dims[d],
                           (long long)most, (long long)fv_max(room, 0));
        if (o->mode == FV_PAD_EDGE && most > 0 && room == 0)
            return fv_fail(FV_SHAPE, "axis %d is empty: it has no edge to repeat", d);
        if (!fv_size_add(x->dims[d], o->begin.at[d] + o->end.at[d], &y->dims[d]))
            return fv_fail(FV_SHAPE, "axis %d padded does not fit 63 bits", d);
    }
    return NULL;
}

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", NULL));
    return padded(&call->inputs[0], call->options, &call->outputs[0]);
}

static fv_error *grad_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "dy", NULL));
    FV_TRY(fv_expect(call, 1, "like", NULL));
    FV_TRY(padded(&call->inputs[1], call->options, &dy));
    call->outputs[0] = call->inputs[1];
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_pad_grad, FV_VALUES(dy[0], node->inputs[0]), node->options, NULL);
}

static void grad_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    fv_pad_options zero = *(const fv_pad_options *)node->options;
    zero.value = 0;
    dx[0] = fv_graph_add(graph, &fv_op_pad, FV_VALUES(dz[0]), &zero, NULL);
}

static void reference(const fv_call *call) {
    const fv_pad_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    int64_t count = fv_type_count(&y->type);
    for (int64_t i = 0; i < count; i++) {
        int64_t offset = 0, rest = i;
        bool inside = true;
        for (int d = y->type.rank - 1; d >= 0; d--) {
            int64_t from = fv_pad_source(o->mode, rest % y->type.dims[d], o->begin.at[d], x->type.dims[d]);
            inside = inside && from >= 0;
            offset += from * x->strides[d];
            rest /= y->type.dims[d];
        }
        fv_tensor_store(y, fv_tensor_offset(y, i), inside ? fv_tensor_load(x, offset) : o->value);
    }
}

/* The sum of dy over all images of element `index` of x: axes before `axis` are settled in `offset`. */
static double image_sum(const fv_call *call, const int64_t *index, int axis, int64_t offset) {
    const fv_pad_options *o = call->options;
    const fv_tensor *dy = &call->inputs[0];
    if (axis == dy->type.rank) return fv_tensor_load(dy, offset);
    double sum = 0;
    int64_t length = call->outputs[0].type.dims[axis];
    for (int64_t at = 0; at < dy->type.dims[axis]; at++)
        if (fv_pad_source(o->mode, at, o->begin.at[axis], length) == index[axis])
            sum += image_sum(call, index, axis + 1, offset + at * dy->strides[axis]);
    return sum;
}

static void grad_reference(const fv_call *call) {
    const fv_tensor *dx = &call->outputs[0];
    int64_t count = fv_type_count(&dx->type);
    for (int64_t i = 0; i < count; i++) {
        int64_t index[FV_RANK_MAX], rest = i;
        for (int d = dx->type.rank - 1; d >= 0; d--) {
            index[d] = rest % dx->type.dims[d];
            rest /= dx->type.dims[d];
        }
        fv_tensor_store(dx, fv_tensor_offset(dx, i), image_sum(call, index, 0, 0));
    }
}

static fv_work work(const fv_call *call) { return (fv_work){ .flops = 0, .bytes = fv_call_bytes(call) }; }

static fv_work grad_work(const fv_call *call) {
    return (fv_work){ .flops = (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[2,3,5,2] begin=0,1,2,0 end=0,0,3,0",
    "x=f32[2,3,5,2] begin=0,2,1,0 end=0,1,4,0 mode=reflect",
    "x=f32[2,3,5,2] begin=0,4,1,0 end=0,1,9,0 mode=edge",
    "x=f32[1,1,1,1] begin=0,2,1,0 end=0,1,1,0 mode=edge",
    "x=f32[5] begin=2 end=0 value=-1.5",
    "x=f32[3,4] begin=1,3 end=2,1 mode=reflect",
    "x=f32[3,4] begin=0,0 end=0,0",
    "x=f32[2,7,7,17] begin=0,1,1,0 end=0,1,1,0",
    NULL,
};

static const char *const grad_cases[] = {
    "dy=f32[2,4,10,2] like=f32[2,3,5,2] begin=0,1,2,0 end=0,0,3,0 value=7",
    "dy=f32[2,6,10,2] like=f32[2,3,5,2] begin=0,2,1,0 end=0,1,4,0 mode=reflect",
    "dy=f32[2,8,15,2] like=f32[2,3,5,2] begin=0,4,1,0 end=0,1,9,0 mode=edge",
    "dy=f32[1,4,3,1] like=f32[1,1,1,1] begin=0,2,1,0 end=0,1,1,0 mode=edge",
    "dy=f32[6,8] like=f32[3,4] begin=1,3 end=2,1 mode=reflect",
    NULL,
};

const fv_op fv_op_pad = {
    .name = "pad",
    .version = 1,
    .summary = "adds a border: a constant, a reflection, or the edge repeated",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_pad_grad = {
    .name = "pad_grad",
    .version = 1,
    .summary = "gradient of pad",
    .inputs = "dy,like!",
    .outputs = "dx",
    .fields = fields,
    .shape = grad_shape,
    .grad = grad_grad,
    .reference = grad_reference,
    .work = grad_work,
    .cases = grad_cases,
};
