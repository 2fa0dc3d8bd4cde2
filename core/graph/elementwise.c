/* elementwise.c - what elementwise ops share: numpy's broadcasting of shapes, the loop over elements that `scalar` defines, and
 * the way of a gradient back through a broadcast (op.h). */
#include "core/base/assert.h"
#include "core/graph/op.h"

#define OPERANDS_MAX 3

/* ---- shapes ---- */

fv_error *fv_type_broadcast(const fv_type *a, const fv_type *b, fv_type *out) {
    char left[256], right[256];
    fv_type all = { .dtype = a->dtype, .rank = a->rank > b->rank ? a->rank : b->rank };
    for (int d = 0; d < all.rank; d++) {
        int i = d - (all.rank - a->rank), j = d - (all.rank - b->rank);
        int64_t x = i >= 0 ? a->dims[i] : 1, y = j >= 0 ? b->dims[j] : 1;
        if (x != y && x != 1 && y != 1)
            return fv_fail(FV_SHAPE, "%s and %s do not broadcast", fv_type_format(a, left), fv_type_format(b, right));
        all.dims[d] = x == 1 ? y : x;
    }
    *out = all;
    return NULL;
}

fv_error *fv_shape_elementwise(fv_shape_call *call) {
    char left[256], right[256];
    fv_type all = call->inputs[0];
    for (int i = 1; i < call->input_count; i++) {
        const fv_type *other = &call->inputs[i];
        if (other->dtype != all.dtype)
            return fv_error_hint(fv_fail(FV_SHAPE, "dtypes differ: %s and %s", fv_type_format(&call->inputs[0], left),
                                         fv_type_format(other, right)),
                                 "cast one of them");
        FV_TRY(fv_type_broadcast(&all, other, &all));
    }
    call->outputs[0] = all;
    return NULL;
}

fv_error *fv_shape_elementwise_float(fv_shape_call *call) {
    char have[256];
    if (!fv_dtype_is_float(call->inputs[0].dtype))
        return fv_error_hint(
            fv_fail(FV_SHAPE, "the input is %s, but has to be floating point", fv_type_format(&call->inputs[0], have)),
            "cast it");
    return fv_shape_elementwise(call);
}

fv_error *fv_shape_compare(fv_shape_call *call) {
    FV_TRY(fv_shape_elementwise(call));
    call->outputs[0].dtype = FV_BOOL;
    return NULL;
}

fv_error *fv_shape_same(fv_shape_call *call) {
    call->outputs[0] = call->inputs[0];
    return NULL;
}

/* ---- elements ---- */

fv_tensor fv_tensor_broadcast(const fv_tensor *x, const fv_type *to) {
    fv_tensor wide = { .type = *to, .data = x->data };
    wide.type.dtype = x->type.dtype;
    for (int d = 0; d < x->type.rank; d++)
        if (x->type.dims[d] != 1) wide.strides[to->rank - x->type.rank + d] = x->strides[d];
    return wide;
}

void fv_reference_elementwise(const fv_call *call) {
    fv_tensor inputs[OPERANDS_MAX];
    const fv_tensor *y = &call->outputs[0];
    FV_ASSERT(call->input_count <= OPERANDS_MAX);
    for (int i = 0; i < call->input_count; i++) inputs[i] = fv_tensor_broadcast(&call->inputs[i], &y->type);
    for (int64_t index = 0, count = fv_type_count(&y->type); index < count; index++) {
        double x[OPERANDS_MAX];
        for (int i = 0; i < call->input_count; i++) x[i] = fv_tensor_load(&inputs[i], fv_tensor_offset(&inputs[i], index));
        fv_tensor_store(y, fv_tensor_offset(y, index), call->op->scalar(call->options, x));
    }
}

/* ---- gradients ---- */

fv_value fv_unbroadcast(fv_graph *graph, fv_value gradient, fv_value like) {
    fv_type have = *fv_value_type(graph, gradient), want = *fv_value_type(graph, like);
    have.dtype = want.dtype;
    if (fv_type_equal(&have, &want)) return gradient;
    return fv_apply(graph, "sum_like", FV_VALUES(gradient, like), NULL);
}
