/* batch_norm_parts.c - batch_norm and its gradient cut in two, for plans in which what is done to each element is done by the
 * node in front or behind, on its way to or from memory (norm_on_load.c, fuse_residual.c, fuse_statistics.c): first the sums
 * over all rows, then the elements. And for those that make a norm's result again (rematerialize.c).
 *
 *   mean, inv_std, new_running_mean, new_running_var = batch_norm_statistics(x, running_mean, running_var)
 *   y = batch_norm_apply(x, scale, bias, mean, inv_std)
 *   dscale, dbias, p, q = batch_norm_grad_sums(x, scale, mean, inv_std, dy, bias)
 *   dx = batch_norm_grad_apply(x, scale, mean, inv_std, dy, p, q, bias)
 *
 * with dx = dy · scale · inv_std + ((x − mean) · p + q), dy counting where the activation has a slope, and
 *
 *   p = −scale · inv_std² · dscale / n    q = −scale · inv_std · dbias / n */
#include <math.h>

#include "core/base/assert.h"
#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "core/ops/expect.h"
#include "core/ops/stored.h"

static const fv_field statistics_fields[] = {
    FV_FIELD(fv_batch_norm_options, epsilon, .by_default = "1e-5", .min = 0, .max = INFINITY, .help = "added to the variance"),
    FV_FIELD(fv_batch_norm_options, momentum, .by_default = "0.1", .min = 0, .max = 1,
             .help = "weight of this batch in the running statistics"),
    FV_FIELDS_END,
};
static const fv_field apply_fields[] = {
    FV_FIELD(fv_batch_norm_options, activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS,
             .help = "done to the norm's result"),
    FV_FIELD(fv_batch_norm_options, stored, .by_default = "alike", .names = FV_STORED_NAMES,
             .help = "dtype of the result in memory; alike: that of x"),
    FV_FIELDS_END,
};
static const fv_field activation_only[] = {
    FV_FIELD(fv_batch_norm_options, activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS,
             .help = "done to the norm's result"),
    FV_FIELDS_END,
};

/* ---- shape ---- */

/* x [..., C], values in it; *channel is the type of one number a channel. */
static fv_error *expect_x(const fv_shape_call *call, fv_type *channel) {
    char have[256];
    const fv_type *x = &call->inputs[0];
    FV_TRY(fv_expect(call, 0, "x", NULL));
    if (x->rank < 2 || fv_type_count(x) == 0)
        return fv_fail(FV_SHAPE, "x is %s, but has to have a batch, channels and values", fv_type_format(x, have));
    *channel = fv_type_of(fv_computed_dtype(x->dtype), x->dims[x->rank - 1]);
    return NULL;
}

static fv_error *expect_channels(const fv_shape_call *call, int first, int count, const fv_type *channel) {
    for (int i = first; i < first + count && i < call->input_count; i++) {
        char name[64];
        FV_TRY(fv_expect_type(fv_op_input_name(fv_op_find("batch_norm_grad_apply"), i, name), &call->inputs[i], channel));
    }
    return NULL;
}

static fv_error *expect_bias(const fv_shape_call *call, int bias) {
    const fv_batch_norm_options *o = call->options;
    bool given = call->input_count > bias;
    if (given == (o->activation != FV_NORM_PLAIN)) return NULL;
    return fv_fail(FV_SHAPE, given ? "bias is read with an activation only" : "an activation's gradient needs bias");
}

static fv_error *statistics_shape(fv_shape_call *call) {
    fv_type channel;
    FV_TRY(expect_x(call, &channel));
    FV_TRY(fv_expect_type("running_mean", &call->inputs[1], &channel));
    FV_TRY(fv_expect_type("running_var", &call->inputs[2], &channel));
    for (int k = 0; k < 4; k++) call->outputs[k] = channel;
    return NULL;
}

static fv_error *apply_shape(fv_shape_call *call) {
    static const char *const names[] = { "x", "scale", "bias", "mean", "inv_std" };
    fv_type channel;
    FV_TRY(expect_x(call, &channel));
    for (int i = 1; i < FV_COUNT(names); i++) FV_TRY(fv_expect_type(names[i], &call->inputs[i], &channel));
    call->outputs[0] = call->inputs[0];
    call->outputs[0].dtype = fv_stored_dtype(((const fv_batch_norm_options *)call->options)->stored, call->inputs[0].dtype);
    return NULL;
}

static fv_error *sums_shape(fv_shape_call *call) {
    fv_type channel;
    FV_TRY(expect_x(call, &channel));
    FV_TRY(expect_channels(call, 1, 3, &channel));
    FV_TRY(fv_expect_type("dy", &call->inputs[4], &call->inputs[0]));
    FV_TRY(expect_bias(call, 5));
    if (call->input_count > 5) FV_TRY(fv_expect_type("bias", &call->inputs[5], &channel));
    for (int k = 0; k < 4; k++) call->outputs[k] = channel;
    return NULL;
}

static fv_error *grad_apply_shape(fv_shape_call *call) {
    fv_type channel;
    FV_TRY(expect_x(call, &channel));
    FV_TRY(expect_channels(call, 1, 3, &channel));
    FV_TRY(fv_expect_type("dy", &call->inputs[4], &call->inputs[0]));
    FV_TRY(expect_channels(call, 5, 3, &channel));
    FV_TRY(expect_bias(call, 7));
    call->outputs[0] = call->inputs[0];
    return NULL;
}

/* ---- reference: x as rows of C channels ---- */

static int64_t channels_of(const fv_tensor *x) { return x->type.dims[x->type.rank - 1]; }

static double load(const fv_tensor *x, int64_t row, int64_t c) {
    return fv_tensor_load(x, fv_tensor_offset(x, row * channels_of(x) + c));
}

static double load_channel(const fv_tensor *t, int64_t c) { return fv_tensor_load(t, c * t->strides[0]); }
static void store_channel(const fv_tensor *t, int64_t c, double value) { fv_tensor_store(t, c * t->strides[0], value); }

static void statistics_reference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *out = call->outputs;
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double sum = 0, squares = 0;
        for (int64_t row = 0; row < rows; row++) sum += load(x, row, c);
        double mean = sum / (double)rows;
        for (int64_t row = 0; row < rows; row++) squares += (load(x, row, c) - mean) * (load(x, row, c) - mean);
        double unbiased = rows > 1 ? squares / (double)(rows - 1) : 0;
        store_channel(&out[0], c, mean);
        store_channel(&out[1], c, 1 / sqrt(squares / (double)rows + o->epsilon));
        store_channel(&out[2], c, (1 - o->momentum) * load_channel(&call->inputs[1], c) + o->momentum * mean);
        store_channel(&out[3], c, (1 - o->momentum) * load_channel(&call->inputs[2], c) + o->momentum * unbiased);
    }
}

static void apply_reference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *in = call->inputs, *x = &in[0];
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double a = load_channel(&in[1], c) * load_channel(&in[4], c), mean = load_channel(&in[3], c);
        for (int64_t row = 0; row < rows; row++) {
            double y = (load(x, row, c) - mean) * a + load_channel(&in[2], c);
            if (o->activation != FV_NORM_PLAIN && y < 0) y = 0;
            if (o->activation == FV_NORM_RELU6 && y > 6) y = 6;
            fv_tensor_store(&call->outputs[0], fv_tensor_offset(&call->outputs[0], row * C + c), y);
        }
    }
}

/* dy where the activation has a slope; inputs as in both ops, but for bias, which is input number `bias`. */
static double slope_dy(const fv_call *call, int bias, int64_t row, int64_t c) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *in = call->inputs;
    double dy = load(&in[4], row, c), scale = load_channel(&in[1], c) * load_channel(&in[3], c);
    if (o->activation == FV_NORM_PLAIN) return dy;
    double y = (load(&in[0], row, c) - load_channel(&in[2], c)) * scale + load_channel(&in[bias], c);
    return y <= 0 || (o->activation == FV_NORM_RELU6 && y >= 6) ? 0 : dy;
}

static void sums_reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0];
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double mean = load_channel(&call->inputs[2], c), inv_std = load_channel(&call->inputs[3], c), dbias = 0, dscale = 0;
        double a = load_channel(&call->inputs[1], c) * inv_std;
        for (int64_t row = 0; row < rows; row++) {
            double dy = slope_dy(call, 5, row, c);
            dbias += dy;
            dscale += dy * (load(x, row, c) - mean) * inv_std;
        }
        store_channel(&call->outputs[0], c, dscale);
        store_channel(&call->outputs[1], c, dbias);
        store_channel(&call->outputs[2], c, -a * inv_std * dscale / (double)rows);
        store_channel(&call->outputs[3], c, -a * dbias / (double)rows);
    }
}

static void grad_apply_reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *dx = &call->outputs[0];
    int64_t C = channels_of(x), rows = fv_type_count(&x->type) / C;
    for (int64_t c = 0; c < C; c++) {
        double mean = load_channel(&call->inputs[2], c), p = load_channel(&call->inputs[5], c);
        double a = load_channel(&call->inputs[1], c) * load_channel(&call->inputs[3], c), q = load_channel(&call->inputs[6], c);
        for (int64_t row = 0; row < rows; row++)
            fv_tensor_store(dx, fv_tensor_offset(dx, row * C + c),
                            slope_dy(call, 7, row, c) * a + (load(x, row, c) - mean) * p + q);
    }
}

/* ---- work, per element ---- */

static fv_work statistics_work(const fv_call *call) { return fv_norm_work(call, 4); }
static fv_work sums_work(const fv_call *call) { return fv_norm_work(call, 5); }
static fv_work apply_work(const fv_call *call) { return fv_norm_work(call, 2); }
static fv_work grad_apply_work(const fv_call *call) { return fv_norm_work(call, 5); }

/* ---- cases ---- */

static const char *const statistics_cases[] = {
    "x=f32[4,3,5,2] running_mean=f32[2] running_var=f32[2]:0.1..2",
    "x=f32[7,3]:20..21 running_mean=f32[3] running_var=f32[3]:0.1..2 momentum=0.3 epsilon=0.01",
    "x=f32[9,5,3,17] running_mean=f32[17] running_var=f32[17]:0.1..2",
    "x=f32[1,1,1,5] running_mean=f32[5] running_var=f32[5]:0.1..2",
    NULL,
};
static const char *const sums_cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] mean=f32[2] inv_std=f32[2]:0.5..2 dy=f32[4,3,5,2]",
    "x=f32[7,3] scale=f32[3] mean=f32[3] inv_std=f32[3]:0.5..2 dy=f32[7,3]",
    "x=f32[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=f32[9,5,3,17] bias=f32[17] activation=relu",
    "x=f32[5,3,7,19]:-9..9 scale=f32[19] mean=f32[19] inv_std=f32[19]:0.5..2 dy=f32[5,3,7,19] bias=f32[19] activation=relu6",
    NULL,
};
static const char *const apply_cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] bias=f32[2] mean=f32[2] inv_std=f32[2]:0.5..2",
    "x=f32[9,5,3,17] scale=f32[17] bias=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 activation=relu",
    "x=f32[5,3,7,19]:-9..9 scale=f32[19] bias=f32[19] mean=f32[19] inv_std=f32[19]:0.5..2 activation=relu6",
    "x=f32[7,16] scale=f32[16] bias=f32[16] mean=f32[16] inv_std=f32[16]:0.5..2",
    "x=bf16[9,5,3,17] scale=f32[17] bias=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 activation=relu",
    "x=f32[9,5,3,17] scale=f32[17] bias=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 stored=bf16",
    NULL,
};
static const char *const grad_apply_cases[] = {
    "x=f32[4,3,5,2] scale=f32[2] mean=f32[2] inv_std=f32[2]:0.5..2 dy=f32[4,3,5,2] p=f32[2] q=f32[2]",
    "x=f32[9,5,3,17] scale=f32[17] mean=f32[17] inv_std=f32[17]:0.5..2 dy=f32[9,5,3,17] p=f32[17] q=f32[17] bias=f32[17] "
    "activation=relu",
    "x=f32[5,3,7,19]:-9..9 scale=f32[19] mean=f32[19] inv_std=f32[19]:0.5..2 dy=f32[5,3,7,19] p=f32[19] q=f32[19] bias=f32[19] "
    "activation=relu6",
    NULL,
};

const fv_op fv_op_batch_norm_statistics = {
    .name = "batch_norm_statistics",
    .version = 1,
    .summary = "a batch's statistics, and the running ones brought up to date",
    .inputs = "x,running_mean,running_var",
    .outputs = "mean,inv_std,new_running_mean,new_running_var",
    .fields = statistics_fields,
    .flags = FV_OP_JOINS,
    .shape = statistics_shape,
    .grad = fv_grad_refused,
    .reference = statistics_reference,
    .work = statistics_work,
    .cases = statistics_cases,
};

const fv_op fv_op_batch_norm_apply = {
    .name = "batch_norm_apply",
    .version = 1,
    .summary = "the result of batch_norm, its statistics given",
    .inputs = "x,scale,bias,mean,inv_std",
    .outputs = "y",
    .fields = apply_fields,
    .shape = apply_shape,
    .grad = fv_grad_refused,
    .reference = apply_reference,
    .work = apply_work,
    .cases = apply_cases,
};

const fv_op fv_op_batch_norm_grad_sums = {
    .name = "batch_norm_grad_sums",
    .version = 1,
    .summary = "sums over all rows that batch_norm's gradient is made of",
    .inputs = "x,scale,mean,inv_std,dy,bias?",
    .outputs = "dscale,dbias,p,q",
    .fields = activation_only,
    .flags = FV_OP_JOINS,
    .shape = sums_shape,
    .grad = fv_grad_refused,
    .reference = sums_reference,
    .work = sums_work,
    .cases = sums_cases,
};

const fv_op fv_op_batch_norm_grad_apply = {
    .name = "batch_norm_grad_apply",
    .version = 1,
    .summary = "gradient of batch_norm with respect to x, the sums given",
    .inputs = "x,scale,mean,inv_std,dy,p,q,bias?",
    .outputs = "dx",
    .fields = activation_only,
    .shape = grad_apply_shape,
    .grad = fv_grad_refused,
    .reference = grad_apply_reference,
    .work = grad_apply_work,
    .cases = grad_apply_cases,
};
