/* softmax.c - softmax and its logarithm along one axis. The largest value m is taken off first, so that nothing overflows:
 *
 *   softmax(x)[i] = exp(x[i] − m) / Σ j exp(x[j] − m)        dx = y · (dy − Σ dy·y)
 *   log_softmax(x)[i] = x[i] − m − log Σ j exp(x[j] − m)     dx = dy − exp(y) · Σ dy */
#include "core/ops/softmax.h"

#include <math.h>

#include "core/base/size.h"
#include "core/graph/node.h"
#include "core/ops/expect.h"

static const fv_field fields[] = {
    FV_FIELD(fv_softmax_options, axis, .by_default = "-1", .min = -FV_RANK_MAX, .max = FV_RANK_MAX - 1,
             .help = "axis along which the values sum to 1; from the end when negative"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_softmax_options *o = call->options;
    int axis;
    FV_TRY(fv_expect(call, 0, "x", NULL));
    FV_TRY(fv_expect_axis(&call->inputs[0], o->axis, &axis));
    call->outputs[0] = call->inputs[0];
    return NULL;
}

static bool mixes_rows(const void *options, const fv_type *inputs) {
    const fv_softmax_options *o = options;
    return o->axis == 0 || o->axis == -inputs[0].rank;
}

static fv_value sum_along(fv_graph *graph, const fv_node *node, fv_value x) {
    const fv_softmax_options *o = node->options;
    return fv_apply(graph, "sum", FV_VALUES(x), "axes=%lld keepdims=true", (long long)o->axis);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value y = fv_node_value(node, 0);
    fv_value sum = sum_along(graph, node, fv_apply(graph, "mul", FV_VALUES(dy[0], y), NULL));
    dx[0] = fv_apply(graph, "mul", FV_VALUES(y, fv_apply(graph, "sub", FV_VALUES(dy[0], sum), NULL)), NULL);
}

static void log_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value probability = fv_apply(graph, "exp", FV_VALUES(fv_node_value(node, 0)), NULL);
    fv_value share = fv_apply(graph, "mul", FV_VALUES(probability, sum_along(graph, node, dy[0])), NULL);
    dx[0] = fv_apply(graph, "sub", FV_VALUES(dy[0], share), NULL);
}

/* One line of values along the axis: element i is number start + i·step in row order. */
typedef struct line {
    const fv_tensor *x;
    int64_t start, step, length;
} line;

static double value_of(const line *at, int64_t i) {
    return fv_tensor_load(at->x, fv_tensor_offset(at->x, at->start + i * at->step));
}

static double largest(const line *at) {
    double most = value_of(at, 0);
    for (int64_t i = 1; i < at->length; i++) most = fmax(most, value_of(at, i));
    return most;
}

static double sum_of_powers(const line *at, double most) {
    double sum = 0;
    for (int64_t i = 0; i < at->length; i++) sum += exp(value_of(at, i) - most);
    return sum;
}

static void run(const fv_call *call, bool logarithm) {
    const fv_softmax_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    int axis = (int)(o->axis < 0 ? o->axis + x->type.rank : o->axis);
    int64_t step = 1, length = x->type.dims[axis], count = fv_type_count(&x->type);
    for (int d = axis + 1; d < x->type.rank; d++) step *= x->type.dims[d];
    for (int64_t k = 0; k < count / fv_max(length, 1); k++) {
        line at = { x, k / step * step * length + k % step, step, length };
        double most = largest(&at), sum = sum_of_powers(&at, most);
        for (int64_t i = 0; i < length; i++) {
            double shifted = value_of(&at, i) - most;
            fv_tensor_store(y, fv_tensor_offset(y, at.start + i * step), logarithm ? shifted - log(sum) : exp(shifted) / sum);
        }
    }
}

static void reference(const fv_call *call) { run(call, false); }
static void log_reference(const fv_call *call) { run(call, true); }

/* Per element: compare, subtract, exponential (counted as 8), add, divide. */
static fv_work work(const fv_call *call) {
    return (fv_work){ .flops = 12 * (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[3,5]",          "x=f32[1,1]",          "x=f32[7]",
    "x=f32[2,3,4] axis=1", "x=f32[5,3] axis=0",   "x=f32[2,3,2,17] axis=-1",
    "x=f32[4,9]:-80..80",  "x=f32[3,1037]:-9..9", "x=f32[2,3,5,300] axis=2",
    "x=f32[700,10]",       "x=f32[0,3]",          NULL,
};

const fv_op fv_op_softmax = {
    .name = "softmax",
    .version = 1,
    .summary = "exponentials along an axis, divided by their sum",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .mixes_rows = mixes_rows,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_log_softmax = {
    .name = "log_softmax",
    .version = 1,
    .summary = "logarithm of softmax",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .mixes_rows = mixes_rows,
    .grad = log_grad,
    .reference = log_reference,
    .work = work,
    .cases = cases,
};
