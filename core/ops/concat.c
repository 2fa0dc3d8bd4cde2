/* concat.c - tensors joined along an axis, and one taken apart: concat, split by sizes, and split_like, which is concat's
 * gradient and takes the sizes from other tensors, so that the batch may be the axis. The gradient of taking apart is joining.
 */
#include "core/ops/concat.h"

#include "core/base/size.h"
#include "core/ops/elements.h"
#include "core/ops/emit.h"
#include "core/ops/expect.h"

extern const fv_op fv_op_concat, fv_op_split_like;

static const fv_field concat_fields[] = {
    FV_FIELD(fv_concat_options, axis, .by_default = "-1",
             .help = "axis along which they follow each other, from the end when negative"),
    FV_FIELDS_END,
};
static const fv_field split_fields[] = {
    FV_FIELD(fv_split_options, axis, .by_default = "-1", .help = "axis to cut, from the end when negative"),
    FV_FIELD(fv_split_options, sizes, .required = true, .min = 0, .max = INFINITY, .help = "sizes of the parts along the axis"),
    FV_FIELDS_END,
};
static const fv_field split_like_fields[] = {
    FV_FIELD(fv_concat_options, axis, .by_default = "-1", .help = "axis to cut, from the end when negative"),
    FV_FIELDS_END,
};

/* ---- shapes ---- */

/* The tensors joined along the axis: they agree in all else. */
static fv_error *joined(const fv_type *parts, int count, int64_t along, fv_type *out) {
    char one[256], other[256];
    int axis;
    *out = parts[0];
    FV_TRY(fv_expect_axis(out, along, &axis));
    for (int i = 1; i < count; i++) {
        fv_type same = parts[i];
        same.dtype = out->dtype;
        if (same.rank == out->rank) same.dims[axis] = out->dims[axis];
        if (!fv_type_equal(&same, out))
            return fv_fail(FV_SHAPE, "%s and %s do not agree outside of axis %d", fv_type_format(&parts[0], one),
                           fv_type_format(&parts[i], other), axis);
        if (!fv_size_add(out->dims[axis], parts[i].dims[axis], &out->dims[axis]))
            return fv_fail(FV_SHAPE, "axis %d does not fit 63 bits", axis);
    }
    return NULL;
}

static fv_error *concat_shape(fv_shape_call *call) {
    const fv_concat_options *o = call->options;
    char one[256], other[256];
    if (call->input_count > FV_OUTPUTS_MAX)
        return fv_fail(FV_SHAPE, "%d tensors, but %d at most can be joined at once", call->input_count, FV_OUTPUTS_MAX);
    for (int i = 1; i < call->input_count; i++)
        if (call->inputs[i].dtype != call->inputs[0].dtype)
            return fv_error_hint(fv_fail(FV_SHAPE, "dtypes differ: %s and %s", fv_type_format(&call->inputs[0], one),
                                         fv_type_format(&call->inputs[i], other)),
                                 "cast one of them");
    return joined(call->inputs, call->input_count, o->axis, &call->outputs[0]);
}

static fv_error *split_shape(fv_shape_call *call) {
    const fv_split_options *o = call->options;
    const fv_type *x = &call->inputs[0];
    char have[256];
    int axis;
    int64_t sum = 0;
    FV_TRY(fv_expect_axis(x, o->axis, &axis));
    for (int64_t k = 0; k < o->sizes.count; k++) {
        if (!fv_size_add(sum, o->sizes.at[k], &sum)) return fv_fail(FV_SHAPE, "the sizes' sum does not fit 63 bits");
        call->outputs[k] = *x;
        call->outputs[k].dims[axis] = o->sizes.at[k];
    }
    call->output_count = (int)o->sizes.count;
    if (sum == x->dims[axis] && o->sizes.count > 0) return NULL;
    return fv_fail(FV_SHAPE, "the sizes add up to %lld, but axis %d of %s has %lld", (long long)sum, axis,
                   fv_type_format(x, have), (long long)x->dims[axis]);
}

static fv_error *split_like_shape(fv_shape_call *call) {
    const fv_concat_options *o = call->options;
    int count = call->input_count - 1;
    fv_type whole;
    if (count > FV_OUTPUTS_MAX) return fv_fail(FV_SHAPE, "%d parts, but there can be %d at most", count, FV_OUTPUTS_MAX);
    FV_TRY(joined(call->inputs + 1, count, o->axis, &whole));
    whole.dtype = call->inputs[0].dtype;
    FV_TRY(fv_expect_type("x", &call->inputs[0], &whole));
    for (int k = 0; k < count; k++) {
        call->outputs[k] = call->inputs[k + 1];
        call->outputs[k].dtype = whole.dtype;
    }
    call->output_count = count;
    return NULL;
}

/* ---- gradients ---- */

static void concat_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value inputs[1 + FV_OUTPUTS_MAX];
    inputs[0] = dy[0];
    for (int i = 0; i < node->input_count; i++) inputs[i + 1] = node->inputs[i];
    fv_value parts = fv_graph_add(graph, &fv_op_split_like, inputs, node->input_count + 1, node->options, NULL);
    for (int i = 0; i < node->input_count; i++) dx[i] = fv_output_of(parts, i);
}

/* Parts that nobody used have no gradient: zeros. */
static void join_grad(fv_graph *graph, const fv_node *node, int64_t axis, const fv_value *dy, fv_value *dx) {
    fv_value parts[FV_OUTPUTS_MAX];
    for (int k = 0; k < node->output_count; k++) {
        fv_value part = fv_node_value(node, k);
        parts[k] = fv_is_value(dy[k]) ? dy[k] : fv_apply2(graph, "expand_like", fv_number(graph, part, 0), part);
    }
    dx[0] = fv_graph_add(graph, &fv_op_concat, parts, node->output_count, &(fv_concat_options){ axis }, NULL);
}

static void split_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    join_grad(graph, node, ((const fv_split_options *)node->options)->axis, dy, dx);
}

static void split_like_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    join_grad(graph, node, ((const fv_concat_options *)node->options)->axis, dy, dx);
}

/* ---- definition ---- */

static int axis_of(const fv_tensor *x, int64_t axis) { return (int)(axis < 0 ? axis + x->type.rank : axis); }

static void concat_reference(const fv_call *call) {
    const fv_tensor *y = &call->outputs[0];
    int axis = axis_of(y, ((const fv_concat_options *)call->options)->axis);
    for (int64_t i = 0, start = 0; i < call->input_count; i++) {
        int64_t size = call->inputs[i].type.dims[axis];
        fv_tensor part = fv_elements_part(y, axis, start, size);
        fv_elements_copy(&part, &call->inputs[i]);
        start += size;
    }
}

static void cut(const fv_call *call, int64_t along) {
    const fv_tensor *x = &call->inputs[0];
    int axis = axis_of(x, along);
    for (int64_t k = 0, start = 0; k < call->output_count; k++) {
        int64_t size = call->outputs[k].type.dims[axis];
        fv_tensor part = fv_elements_part(x, axis, start, size);
        fv_elements_copy(&call->outputs[k], &part);
        start += size;
    }
}

static void split_reference(const fv_call *call) { cut(call, ((const fv_split_options *)call->options)->axis); }
static void split_like_reference(const fv_call *call) { cut(call, ((const fv_concat_options *)call->options)->axis); }

static fv_work work(const fv_call *call) { return (fv_work){ .flops = 0, .bytes = fv_call_bytes(call) }; }

/* ---- cases ---- */

static const char *const concat_cases[] = {
    "x0=f32[2,3,5] x1=f32[2,3,2]",
    "x0=f32[2,3,5] x1=f32[1,3,5] x2=f32[4,3,5] axis=0",
    "x0=f32[2,3] axis=1",
    "x0=f32[2,0] x1=f32[2,3] axis=1",
    "x0=f32[3] x1=f32[1] x2=f32[7] x3=f32[2]",
    "x0=f32[2,5,5,3] x1=f32[2,5,5,17] x2=f32[2,5,5,8]",
    "x0=i64[2,1] x1=i64[2,3]",
    NULL,
};
static const char *const split_cases[] = {
    "x=f32[2,3,7] sizes=4,3",
    "x=f32[7,2] axis=0 sizes=1,5,1",
    "x=f32[5] sizes=5",
    "x=f32[2,3] sizes=0,3",
    "x=f32[2,5,5,9] sizes=2,3,4",
    "x=u8[4,3] axis=-2 sizes=2,2",
    NULL,
};
static const char *const split_like_cases[] = {
    "x=f32[2,3,7] a=f32[2,3,5] b=f32[2,3,2]",
    "x=f32[7,2] a=f32[1,2] b=f32[5,2] c=f32[1,2] axis=0",
    "x=f32[3] a=u8[3]",
    NULL,
};

const fv_op fv_op_concat = {
    .name = "concat",
    .version = 1,
    .summary = "tensors one behind the other along an axis",
    .inputs = "x...",
    .outputs = "y",
    .fields = concat_fields,
    .shape = concat_shape,
    .grad = concat_grad,
    .reference = concat_reference,
    .work = work,
    .cases = concat_cases,
};

const fv_op fv_op_split = {
    .name = "split",
    .version = 1,
    .summary = "cut into parts along an axis",
    .inputs = "x",
    .outputs = "y...",
    .fields = split_fields,
    .shape = split_shape,
    .grad = split_grad,
    .reference = split_reference,
    .work = work,
    .cases = split_cases,
};

const fv_op fv_op_split_like = {
    .name = "split_like",
    .version = 1,
    .summary = "cut along an axis into parts of other tensors' shapes",
    .inputs = "x,like!...",
    .outputs = "y...",
    .fields = split_like_fields,
    .shape = split_like_shape,
    .grad = split_like_grad,
    .reference = split_like_reference,
    .work = work,
    .cases = split_like_cases,
};
