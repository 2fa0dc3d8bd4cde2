/* batch_norm.c - batch normalisation over all axes but the last (Ioffe & Szegedy, arXiv 1502.03167): the training form with its
 * gradient, and the form that uses given statistics. n is the number of values in a channel.
 *
 *   mean = Σ x / n    var = Σ (x − mean)² / n    inv_std = 1 / √(var + epsilon)    y = (x − mean) · inv_std · scale + bias
 *   new_running_mean = (1 − momentum) · running_mean + momentum · mean
 *   new_running_var  = (1 − momentum) · running_var  + momentum · var · n / (n − 1)
 *
 * As in PyTorch the biased variance normalises and the unbiased one is kept; where a channel has one value only, which PyTorch
 * refuses, the two are taken as equal (both 0). With x̂ = (x − mean) · inv_std the gradient is
 *
 *   dbias = Σ dy    dscale = Σ dy · x̂    dx = scale · inv_std · (dy − dbias / n − x̂ · dscale / n)
 *
 * With an activation y goes through ReLU or ReLU6, and dy counts where that has a slope: bias, which the gradient has as an
 * input then, tells where. The planner joins the two so (fuse_norm.c).
 *
 * x, y, dy and dx may lie in memory as bf16 (stored.h): statistics are those of x as it lies there, in f32 as all else is.
 *
 * Only y has a gradient: the statistics are there for it and for the state. */
#include "core/ops/batch_norm.h"

#include <math.h>

#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/stored.h"

extern const fv_op fv_op_batch_norm_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_batch_norm_options, epsilon, .by_default = "1e-5", .min = 0, .max = INFINITY, .help = "added to the variance"),
    FV_FIELD(fv_batch_norm_options, momentum, .by_default = "0.1", .min = 0, .max = 1,
             .help = "weight of this batch in the running statistics"),
    FV_FIELD(fv_batch_norm_options, activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS, .help = "done to y"),
    FV_FIELD(fv_batch_norm_options, stored, .by_default = "alike", .names = FV_STORED_NAMES,
             .help = "dtype of the result in memory; alike: that of x"),
    FV_FIELDS_END,
};

static const fv_field grad_fields[] = {
    FV_FIELD(fv_batch_norm_options, activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS, .help = "done to y"),
    FV_FIELD(fv_batch_norm_options, stored, .by_default = "alike", .names = FV_STORED_NAMES,
             .help = "dtype of the result in memory; alike: that of x"),
    FV_FIELDS_END,
};

static const fv_field epsilon_only[] = {
    FV_FIELD(fv_batch_norm_options, epsilon, .by_default = "1e-5", .min = 0, .max = INFINITY, .help = "added to the variance"),
    FV_FIELDS_END,
};

/* ---- shape ---- */

/* x [..., C] and the inputs after it up to `count`: one number a channel each. Sets *channel to their type. */
static fv_error *expect_channels(const fv_shape_call *call, const char *const *names, int count, fv_type *channel) {
    char have[256];
    const fv_type *x = &call->inputs[0];
    FV_TRY(fv_expect(call, 0, "x", NULL));
    if (x->rank < 2)
        return fv_fail(FV_SHAPE, "x is %s, but has to have a batch and channels: two dimensions at least",
                       fv_type_format(x, have));
    *channel = fv_type_of(fv_computed_dtype(x->dtype), x->dims[x->rank - 1]);
    for (int i = 1; i < count; i++) FV_TRY(fv_expect_type(names[i], &call->inputs[i], channel));
    return NULL;
}

static fv_error *expect_values(const fv_type *x) {
    char have[256];
    return fv_type_count(x) > 0 ? NULL : fv_fail(FV_SHAPE, "x is %s: no value to take statistics of", fv_type_format(x, have));
}

/* What y and dx are: x, but for how they are stored. */
static fv_type like_x(const fv_shape_call *call) {
    fv_type type = call->inputs[0];
    type.dtype = fv_stored_dtype(((const fv_batch_norm_options *)call->options)->stored, type.dtype);
    return type;
}

/* dy, input 4, is x but for how it is stored. */
static fv_error *expect_dy(const fv_shape_call *call) {
    fv_type want = call->inputs[0];
    if (fv_compute_alike(want.dtype, call->inputs[4].dtype)) want.dtype = call->inputs[4].dtype;
    return fv_expect_type("dy", &call->inputs[4], &want);
}

static fv_error *shape(fv_shape_call *call) {
    static const char *const names[] = { "x", "scale", "bias", "running_mean", "running_var" };
    fv_type channel;
    FV_TRY(expect_channels(call, names, 5, &channel));
    FV_TRY(expect_values(&call->inputs[0]));
    call->outputs[0] = like_x(call);
    for (int k = 1; k < 5; k++) call->outputs[k] = channel;
    return NULL;
}

static fv_error *expect_bias(const fv_shape_call *call) {
    const fv_batch_norm_options *o = call->options;
    bool given = call->input_count > 5;
    if (given == (o->activation != FV_NORM_PLAIN)) return NULL;
    return fv_fail(FV_SHAPE, given ? "bias is read with an activation only" : "an activation's gradient needs bias");
}

static fv_error *grad_shape(fv_shape_call *call) {
    static const char *const names[] = { "x", "scale", "mean", "inv_std" };
    fv_type channel;
    FV_TRY(expect_channels(call, names, 4, &channel));
    FV_TRY(expect_values(&call->inputs[0]));
    FV_TRY(expect_dy(call));
    FV_TRY(expect_bias(call));
    if (call->input_count > 5) FV_TRY(fv_expect_type("bias", &call->inputs[5], &channel));
    call->outputs[0] = like_x(call);
    call->outputs[1] = call->outputs[2] = channel;
    return NULL;
}

static fv_error *inference_shape(fv_shape_call *call) {
    static const char *const names[] = { "x", "scale", "bias", "mean", "var" };
    fv_type channel;
    FV_TRY(expect_channels(call, names, 5, &channel));
    call->outputs[0] = call->inputs[0];
    return NULL;
}

/* ---- gradients ---- */

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_batch_norm_options *o = node->options;
    fv_value inputs[] = { node->inputs[0],        node->inputs[1], fv_node_value(node, 1),
                          fv_node_value(node, 2), dy[0],           node->inputs[2] };
    int count = o->activation == FV_NORM_PLAIN ? 5 : 6;
    dx[0] = fv_graph_add(graph, &fv_op_batch_norm_grad, inputs, count, &(fv_batch_norm_options){ .activation = o->activation },
                         NULL);
    dx[1] = fv_output_of(dx[0], 1);
    dx[2] = fv_output_of(dx[0], 2);
}

static fv_value apply(fv_graph *graph, const char *op, fv_value a, fv_value b) {
    return fv_apply(graph, op, FV_VALUES(a, b), NULL);
}

/* With t = scale / √(var + epsilon) and y = (x − mean) · t + bias: dmean = −t · dbias, dvar = −½ · t · Σ dy·(x − mean) / (var +
 * epsilon). */
static void inference_grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_batch_norm_options *o = node->options;
    fv_value x = node->inputs[0], scale = node->inputs[1], mean = node->inputs[3], var = node->inputs[4];
    fv_dtype dtype = fv_value_type(graph, x)->dtype;
    fv_value shifted = apply(graph, "add", var, fv_constant(graph, dtype, o->epsilon));
    fv_value std = fv_apply(graph, "sqrt", FV_VALUES(shifted), NULL);
    fv_value t = apply(graph, "div", scale, std);
    fv_value sum = apply(graph, "sum_like", dy[0], mean);
    fv_value product = apply(graph, "sum_like", apply(graph, "mul", dy[0], apply(graph, "sub", x, mean)), mean);
    fv_value half = apply(graph, "mul", t, fv_constant(graph, dtype, -0.5));
    dx[0] = apply(graph, "mul", dy[0], t);
    dx[1] = apply(graph, "div", product, std);
    dx[2] = sum;
    dx[3] = fv_apply(graph, "neg", FV_VALUES(apply(graph, "mul", sum, t)), NULL);
    dx[4] = apply(graph, "div", apply(graph, "mul", product, half), shifted);
}

/* ---- reference: x as rows of C channels ---- */

static int64_t channels_of(const fv_tensor *x) { return x->type.dims[x->type.rank - 1]; }

static double load(const fv_tensor *x, int64_t row, int64_t c) {
    return fv_tensor_load(x, fv_tensor_offset(x, row * channels_of(x) + c));
}

static void store(const fv_tensor *y, int64_t row, int64_t c, double value) {
    fv_tensor_store(y, fv_tensor_offset(y, row * channels_of(y) + c), value);
}

static double load_channel(const fv_tensor *t, int64_t c) { return fv_tensor_load(t, c * t->strides[0]); }
static void store_channel(const fv_tensor *t, int64_t c, double value) { fv_tensor_store(t, c * t->strides[0], value); }

static double activate(int activation, double y) {
    if (activation == FV_NORM_PLAIN || isnan(y)) return y;
    return activation == FV_NORM_RELU6 ? fmin(fmax(y, 0), 6) : fmax(y, 0);
}

static bool is_flat(int activation, double y) {
    return activation != FV_NORM_PLAIN && (y <= 0 || (activation == FV_NORM_RELU6 && y >= 6));
}

static void normalize(const fv_tensor *x, const fv_tensor *y, int64_t rows, int64_t c, double mean, double scale, double bias,
                      int activation) {
    for (int64_t row = 0; row < rows; row++) store(y, row, c, activate(activation, (load(x, row, c) - mean) * scale + bias));
}

static void reference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *in = call->inputs, *out = call->outputs, *x = &in[0];
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double sum = 0, squares = 0;
        for (int64_t row = 0; row < rows; row++) sum += load(x, row, c);
        double mean = sum / (double)rows;
        for (int64_t row = 0; row < rows; row++) squares += (load(x, row, c) - mean) * (load(x, row, c) - mean);
        double inv_std = 1 / sqrt(squares / (double)rows + o->epsilon);
        double unbiased = rows > 1 ? squares / (double)(rows - 1) : 0;
        normalize(x, &out[0], rows, c, mean, load_channel(&in[1], c) * inv_std, load_channel(&in[2], c), o->activation);
        store_channel(&out[1], c, mean);
        store_channel(&out[2], c, inv_std);
        store_channel(&out[3], c, (1 - o->momentum) * load_channel(&in[3], c) + o->momentum * mean);
        store_channel(&out[4], c, (1 - o->momentum) * load_channel(&in[4], c) + o->momentum * unbiased);
    }
}

/* dy where the activation has a slope. */
static double slope_dy(const fv_call *call, int64_t row, int64_t c) {
    const fv_batch_norm_options *o = call->options;
    double inv_std = load_channel(&call->inputs[3], c), scale = load_channel(&call->inputs[1], c) * inv_std;
    if (o->activation == FV_NORM_PLAIN) return load(&call->inputs[4], row, c);
    double y = (load(&call->inputs[0], row, c) - load_channel(&call->inputs[2], c)) * scale + load_channel(&call->inputs[5], c);
    return is_flat(o->activation, y) ? 0 : load(&call->inputs[4], row, c);
}

static void grad_reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *dx = &call->outputs[0];
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double scale = load_channel(&call->inputs[1], c), mean = load_channel(&call->inputs[2], c);
        double inv_std = load_channel(&call->inputs[3], c), dbias = 0, dscale = 0;
        for (int64_t row = 0; row < rows; row++) {
            double dy = slope_dy(call, row, c);
            dbias += dy;
            dscale += dy * (load(x, row, c) - mean) * inv_std;
        }
        for (int64_t row = 0; row < rows; row++) {
            double normal = (load(x, row, c) - mean) * inv_std;
            store(dx, row, c, scale * inv_std * (slope_dy(call, row, c) - (dbias + normal * dscale) / (double)rows));
        }
        store_channel(&call->outputs[1], c, dscale);
        store_channel(&call->outputs[2], c, dbias);
    }
}

static void inference_reference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *in = call->inputs, *x = &in[0];
    int64_t C = channels_of(x), rows = C > 0 ? fv_type_count(&x->type) / C : 0;
    for (int64_t c = 0; c < C; c++) {
        double scale = load_channel(&in[1], c) / sqrt(load_channel(&in[4], c) + o->epsilon);
        normalize(x, &call->outputs[0], rows, c, load_channel(&in[3], c), scale, load_channel(&in[2], c), FV_NORM_PLAIN);
    }
}

/* ---- work, per element: sum 1, squares 3, normalise 2; gradient: two sums 5, dx 5 ---- */

fv_work fv_norm_work(const fv_call *call, double flops) {
    return (fv_work){ .flops = flops * (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) { return fv_norm_work(call, 6); }
static fv_work grad_work(const fv_call *call) { return fv_norm_work(call, 10); }
static fv_work inference_work(const fv_call *call) { return fv_norm_work(call, 2); }

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] bias=f32[2] running_mean=f32[2] running_var=f32[2]:0.1..2",
    "x=f32[7,3] scale=f32[3] bias=f32[3] running_mean=f32[3] running_var=f32[3]:0.1..2 momentum=0.3",
    "x=f32[2,1,1,5] scale=f32[5] bias=f32[5] running_mean=f32[5] running_var=f32[5]:0.1..2 epsilon=0.1",
    "x=f32[3,7,5,1] scale=f32[1] bias=f32[1] running_mean=f32[1] running_var=f32[1]:0.1..2 epsilon=0.001",
    "x=f32[9,5,3,17] scale=f32[17] bias=f32[17] running_mean=f32[17] running_var=f32[17]:0.1..2",
    "x=f32[9,5,3,17] scale=f32[17] bias=f32[17] running_mean=f32[17] running_var=f32[17]:0.1..2 activation=relu",
    "x=f32[19,5,3,6]:20..21 scale=f32[6] bias=f32[6] running_mean=f32[6] running_var=f32[6]:0.1..2",
    "x=f32[5,3,7,19]:-9..9 scale=f32[19]:2..9 bias=f32[19] running_mean=f32[19] running_var=f32[19]:0.1..2 activation=relu6",
    "x=bf16[9,5,3,17] scale=f32[17] bias=f32[17] running_mean=f32[17] running_var=f32[17]:0.1..2 activation=relu",
    "x=bf16[19,5,3,6]:20..21 scale=f32[6] bias=f32[6] running_mean=f32[6] running_var=f32[6]:0.1..2 stored=f32",
    "x=f32[5,3,7,300]:-9..9 scale=f32[300]:2..9 bias=f32[300] running_mean=f32[300] running_var=f32[300]:0.1..2 "
    "activation=relu6 stored=bf16",
    NULL,
};

static const char *const grad_cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] mean=f32[2] inv_std=f32[2]:0.5..2 dy=f32[4,3,5,2]",
    "x=f32[7,3] scale=f32[3] mean=f32[3] inv_std=f32[3]:0.5..2 dy=f32[7,3]",
    "x=f32[1,1,1,5] scale=f32[5] mean=f32[5] inv_std=f32[5]:0.5..2 dy=f32[1,1,1,5]",
    "x=f32[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=f32[9,5,3,17]",
    "x=f32[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=f32[9,5,3,17] bias=f32[17] activation=relu",
    "x=f32[5,3,7,19]:-9..9 scale=f32[19] mean=f32[19] inv_std=f32[19]:0.5..2 dy=f32[5,3,7,19] bias=f32[19] activation=relu6",
    "x=bf16[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=bf16[9,5,3,17]",
    "x=f32[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=bf16[9,5,3,17] bias=f32[17] activation=relu",
    "x=bf16[5,3,7,300] scale=f32[300] mean=f32[300] inv_std=f32[300]:0.5..2 dy=f32[5,3,7,300] bias=f32[300] "
    "activation=relu6 stored=f32",
    NULL,
};

static const char *const inference_cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] bias=f32[2] mean=f32[2] var=f32[2]:0.1..2",
    "x=f32[7,3] scale=f32[3] bias=f32[3] mean=f32[3] var=f32[3]:0.1..2 epsilon=0.1",
    "x=f32[1,1,1,1] scale=f32[1] bias=f32[1] mean=f32[1] var=f32[1]:0.1..2",
    "x=f32[3,5,3,17] scale=f32[17] bias=f32[17] mean=f32[17] var=f32[17]:0.1..2 epsilon=0.001",
    NULL,
};

const fv_op fv_op_batch_norm = {
    .name = "batch_norm",
    .version = 1,
    .summary = "batch normalisation by the batch's own statistics, with the running ones brought up to date",
    .inputs = "x,scale,bias,running_mean,running_var",
    .outputs = "y,mean!,inv_std!,new_running_mean!,new_running_var!",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_batch_norm_grad = {
    .name = "batch_norm_grad",
    .version = 1,
    .summary = "gradient of batch_norm",
    .inputs = "x,scale,mean,inv_std,dy,bias?",
    .outputs = "dx,dscale,dbias",
    .fields = grad_fields,
    .flags = FV_OP_JOINS,
    .shape = grad_shape,
    .grad = fv_grad_refused,
    .reference = grad_reference,
    .work = grad_work,
    .cases = grad_cases,
};

const fv_op fv_op_batch_norm_inference = {
    .name = "batch_norm_inference",
    .version = 1,
    .summary = "normalisation by given statistics",
    .inputs = "x,scale,bias,mean,var",
    .outputs = "y",
    .fields = epsilon_only,
    .shape = inference_shape,
    .grad = inference_grad,
    .reference = inference_reference,
    .work = inference_work,
    .cases = inference_cases,
};
