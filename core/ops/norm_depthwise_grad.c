/* norm_depthwise_grad.c - the gradient of a depthwise convolution between two batch norms, down to what the first one's
 * gradient needs. The planner makes it (norm_on_load.c) of what lies between the two, so that none of that is in memory:
 *
 *   e = activation((x − mean) · inv_std · scale + bias)     z = depthwise conv2d(e, w)     y = next_activation(next norm of z)
 *   dz = dy' · next_scale · next_inv_std + ((z − next_mean) · p + q)     p and q of batch_norm_grad_sums
 *   de = conv2d_grad_input(dz, w)     dw = conv2d_grad_weights(e, dz)     dscale, dbias, p, q = batch_norm_grad_sums(x, …, de)
 *
 * where dy' is dy where next_activation has a slope. The results p and q are those of the first norm. */
#include "core/ops/norm_depthwise_grad.h"

#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/window.h"

#define OPTION(name, ...) FV_FIELD(fv_norm_depthwise_grad_options, name, __VA_ARGS__)
static const fv_field fields[] = {
    OPTION(stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX, .help = "step between windows, down and across"),
    OPTION(padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
           .help = "rows and columns of zeros: top, left, bottom, right"),
    OPTION(activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS, .help = "behind the norm in front of the filter"),
    OPTION(next_activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS, .help = "behind the norm behind the filter"),
    FV_FIELDS_END,
};

/* ---- shape ---- */

static fv_error *shape(fv_shape_call *call) {
    const fv_norm_depthwise_grad_options *o = call->options;
    const fv_type *x = &call->inputs[FV_DEPTHWISE_GRAD_X], *w = &call->inputs[FV_DEPTHWISE_GRAD_W];
    int64_t size[2];
    FV_TRY(fv_expect(call, FV_DEPTHWISE_GRAD_X, "x", "NHWC"));
    FV_TRY(fv_expect(call, FV_DEPTHWISE_GRAD_W, "w", "KRSC"));
    fv_type channel = fv_type_of(x->dtype, x->dims[3]);
    fv_type filter = fv_type_of(x->dtype, x->dims[3], w->dims[1], w->dims[2], 1);
    FV_TRY(fv_expect_type("w", w, &filter));
    for (int axis = 0; axis < 2; axis++) {
        fv_window window = { w->dims[1 + axis], o->stride[axis], 1, o->padding[axis], o->padding[2 + axis] };
        FV_TRY(fv_window_count(axis ? "width" : "height", x->dims[1 + axis], window, false, &size[axis]));
    }
    fv_type z = fv_type_of(x->dtype, x->dims[0], size[0], size[1], x->dims[3]);
    for (int i = 0; i < FV_DEPTHWISE_GRAD_INPUTS; i++) {
        char name[64];
        if (i == FV_DEPTHWISE_GRAD_X || i == FV_DEPTHWISE_GRAD_W) continue;
        bool picture = i == FV_DEPTHWISE_GRAD_Z || i == FV_DEPTHWISE_GRAD_DY;
        fv_op_input_name(fv_op_find("norm_depthwise_grad"), i, name);
        FV_TRY(fv_expect_type(name, &call->inputs[i], picture ? &z : &channel));
    }
    call->outputs[0] = *x;
    call->outputs[1] = *w;
    for (int k = 2; k < 6; k++) call->outputs[k] = channel;
    return NULL;
}

/* ---- reference: channel by channel ---- */

typedef struct channel {
    double scale, bias, mean, inv_std;                     /* in front */
    double next_scale, next_bias, next_mean, next_inv_std; /* behind */
    double p, q;
    int64_t c;
} channel;

static double of_channel(const fv_call *call, int input, int64_t c) {
    return fv_tensor_load(&call->inputs[input], c * call->inputs[input].strides[0]);
}

static channel channel_of(const fv_call *call, int64_t c) {
    return (channel){ .scale = of_channel(call, FV_DEPTHWISE_GRAD_SCALE, c),
                      .bias = of_channel(call, FV_DEPTHWISE_GRAD_BIAS, c),
                      .mean = of_channel(call, FV_DEPTHWISE_GRAD_MEAN, c),
                      .inv_std = of_channel(call, FV_DEPTHWISE_GRAD_INV_STD, c),
                      .next_scale = of_channel(call, FV_DEPTHWISE_GRAD_NEXT_SCALE, c),
                      .next_bias = of_channel(call, FV_DEPTHWISE_GRAD_NEXT_BIAS, c),
                      .next_mean = of_channel(call, FV_DEPTHWISE_GRAD_NEXT_MEAN, c),
                      .next_inv_std = of_channel(call, FV_DEPTHWISE_GRAD_NEXT_INV_STD, c),
                      .p = of_channel(call, FV_DEPTHWISE_GRAD_P, c),
                      .q = of_channel(call, FV_DEPTHWISE_GRAD_Q, c),
                      .c = c };
}

static bool is_flat(int activation, double y) {
    return activation != FV_NORM_PLAIN && (y <= 0 || (activation == FV_NORM_RELU6 && y >= 6));
}

static double normal(const channel *t, double x) { return (x - t->mean) * t->inv_std * t->scale + t->bias; }

/* e of a pixel of x. */
static double activated(const fv_call *call, const channel *t, double x) {
    int activation = ((const fv_norm_depthwise_grad_options *)call->options)->activation;
    double y = normal(t, x);
    return !is_flat(activation, y) ? y : y <= 0 ? 0 : 6;
}

/* dz of a pixel of z, zero outside. */
static double dz_at(const fv_call *call, const channel *t, int64_t n, int64_t p, int64_t q) {
    const fv_norm_depthwise_grad_options *o = call->options;
    double z = fv_pixel_load(&call->inputs[FV_DEPTHWISE_GRAD_Z], n, p, q, t->c) - t->next_mean;
    double dy = fv_pixel_load(&call->inputs[FV_DEPTHWISE_GRAD_DY], n, p, q, t->c), a = t->next_scale * t->next_inv_std;
    return (is_flat(o->next_activation, z * a + t->next_bias) ? 0 : dy * a) + (z * t->p + t->q);
}

/* One picture: for every window and tap inside it, de += dz · w and dw += dz · e. */
static void add_picture(const fv_call *call, const channel *t, int64_t n) {
    const fv_norm_depthwise_grad_options *o = call->options;
    const fv_tensor *x = &call->inputs[FV_DEPTHWISE_GRAD_X], *w = &call->inputs[FV_DEPTHWISE_GRAD_W];
    const fv_tensor *de = &call->outputs[0], *dw = &call->outputs[1];
    const int64_t *z = call->inputs[FV_DEPTHWISE_GRAD_Z].type.dims;
    for (int64_t p = 0; p < z[1]; p++)
        for (int64_t q = 0; q < z[2]; q++) {
            double dz = dz_at(call, t, n, p, q);
            for (int64_t r = 0; r < w->type.dims[1]; r++)
                for (int64_t s = 0; s < w->type.dims[2]; s++) {
                    int64_t h = p * o->stride[0] - o->padding[0] + r, v = q * o->stride[1] - o->padding[1] + s, c = t->c;
                    if (h < 0 || h >= x->type.dims[1] || v < 0 || v >= x->type.dims[2]) continue;
                    double e = activated(call, t, fv_pixel_load(x, n, h, v, c));
                    fv_pixel_store(de, n, h, v, c, fv_pixel_load(de, n, h, v, c) + dz * fv_pixel_load(w, c, r, s, 0));
                    fv_pixel_store(dw, c, r, s, 0, fv_pixel_load(dw, c, r, s, 0) + dz * e);
                }
        }
}

static void store_sums(const fv_call *call, const channel *t) {
    const fv_norm_depthwise_grad_options *o = call->options;
    const fv_tensor *x = &call->inputs[FV_DEPTHWISE_GRAD_X], *out = call->outputs;
    const int64_t *dims = x->type.dims;
    double dscale = 0, dbias = 0, rows = (double)(dims[0] * dims[1] * dims[2]), a = t->scale * t->inv_std;
    for (int64_t n = 0; n < dims[0]; n++)
        for (int64_t h = 0; h < dims[1]; h++)
            for (int64_t v = 0; v < dims[2]; v++) {
                double at = fv_pixel_load(x, n, h, v, t->c), de = fv_pixel_load(&out[0], n, h, v, t->c);
                if (is_flat(o->activation, normal(t, at))) continue;
                dbias += de;
                dscale += de * (at - t->mean) * t->inv_std;
            }
    const double values[] = { dscale, dbias, -a * t->inv_std * dscale / rows, -a * dbias / rows };
    for (int k = 0; k < 4; k++) fv_tensor_store(&out[2 + k], t->c * out[2 + k].strides[0], values[k]);
}

static void reference(const fv_call *call) {
    const fv_type *x = &call->inputs[FV_DEPTHWISE_GRAD_X].type;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < fv_type_count(&call->outputs[k].type); i++)
            fv_tensor_store(&call->outputs[k], fv_tensor_offset(&call->outputs[k], i), 0);
    for (int64_t c = 0; c < x->dims[3]; c++) {
        channel t = channel_of(call, c);
        for (int64_t n = 0; n < x->dims[0]; n++) add_picture(call, &t, n);
        store_sums(call, &t);
    }
}

/* Both products, 5 for each element of z, 7 for each of x. */
static fv_work work(const fv_call *call) {
    const fv_type *w = &call->inputs[FV_DEPTHWISE_GRAD_W].type;
    double taps = (double)(w->dims[1] * w->dims[2]), z = (double)fv_type_count(&call->inputs[FV_DEPTHWISE_GRAD_Z].type);
    return (fv_work){ .flops = z * (4 * taps + 5) + 7 * (double)fv_type_count(&call->inputs[FV_DEPTHWISE_GRAD_X].type),
                      .bytes = fv_call_bytes(call) };
}

#define CHANNELS(name, C) name "=f32[" C "] "
#define NORM(C) "scale=f32[" C "]:0.5..2 " CHANNELS("bias", C) CHANNELS("mean", C) "inv_std=f32[" C "]:0.5..2 "
#define NEXT(C) NORM(C)
#define TAIL(Z, C) "dy=f32[" Z "," C "] " CHANNELS("p", C) CHANNELS("q", C)
#define CASE(X, F, Z, C, options)                                                                                              \
    "x=f32[" X "," C "]:-2..2 " NORM(C) "w=f32[" C "," F ",1] z=f32[" Z "," C "]:-2..2 " NEXT(C) TAIL(Z, C) options

static const char *const cases[] = {
    CASE("2,9,7", "3,3", "2,9,7", "19", "padding=1 activation=relu6 next_activation=relu6"),
    CASE("1,12,13", "3,3", "1,6,7", "32", "padding=0,1,1,1 stride=2 activation=relu6 next_activation=relu6"),
    CASE("2,8,11", "5,5", "2,8,11", "40", "padding=2 activation=relu next_activation=relu"),
    CASE("1,15,9", "5,5", "1,8,5", "7", "padding=2,1,3,4 stride=2"),
    CASE("1,1,1", "3,3", "1,1,1", "16", "padding=1 activation=relu6 next_activation=relu"),
    CASE("11,5,6", "3,3", "11,3,3", "210", "padding=1 stride=2 activation=relu"),
    CASE("9,7,5", "3,3", "9,5,3", "5", "next_activation=relu6"),
    NULL,
};

const fv_op fv_op_norm_depthwise_grad = {
    .name = "norm_depthwise_grad",
    .version = 1,
    .summary = "gradient of a depthwise convolution between two batch norms, with the first one's sums",
    .inputs = "x,scale,bias,mean,inv_std,w,z,next_scale,next_bias,next_mean,next_inv_std,dy,p,q",
    .outputs = "de,dw,dscale,dbias,p,q",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
