/* conv2d.c - 2-D convolution and its gradients with respect to input and weights. Sizes, as in the formulas below:
 *
 *   x [N,H,W,C]   w [K,R,S,C/groups]   y [N,P,Q,K]   h = p·stride − top + r·dilation   v = q·stride − left + s·dilation
 *
 *   y[n,p,q,k]  = bias[k] + Σ r,s,c  x[n,h,v,c] · w[k,r,s,c]       (zero outside the picture; c runs over k's group)
 *   dx[n,h,v,c] =           Σ r,s,k  dy[n,p,q,k] · w[k,r,s,c]      over the p, q whose windows read h, v
 *   dw[k,r,s,c] =           Σ n,p,q  dy[n,p,q,k] · x[n,h,v,c]
 *
 * All three are linear in each of their two operands, so each one's gradient is made of the other two. Depthwise convolution is
 * groups = C. y may go through ReLU or ReLU6 on its way, which the planner asks for (fuse_activation.c).
 *
 * rounded_conv2d and its two gradients are the same of operands that are rounded to bf16 first, to the nearest, ties to even;
 * sums and bias are f32. The planner makes them (round_products.c). x, dy and results of all these may lie in memory as bf16
 * (stored.h); weights and their gradients are f32 then. */
#include "core/ops/conv2d.h"

#include "core/graph/node.h"
#include "core/ops/emit.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/rounded.h"
#include "core/ops/stored.h"
#include "core/ops/window.h"

extern const fv_op fv_op_conv2d, fv_op_conv2d_grad_input, fv_op_conv2d_grad_weights;

/* Of all three: how windows lie. */
#define WINDOWS                                                                                                                \
    FV_FIELD(fv_conv2d_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,                                     \
             .help = "step between windows, down and across"),                                                                 \
        FV_FIELD(fv_conv2d_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,                                \
                 .help = "rows and columns of zeros: top, left, bottom, right"),                                               \
        FV_FIELD(fv_conv2d_options, dilation, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,                               \
                 .help = "step between the pixels that a window reads"),                                                       \
        FV_FIELD(fv_conv2d_options, groups, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,                                 \
                 .help = "parts the channels are cut into, each convolved by itself")

/* Of those with a result that may be stored in less. */
#define STORED                                                                                                                 \
    FV_FIELD(fv_conv2d_options, stored, .by_default = "alike", .names = FV_STORED_NAMES,                                       \
             .help = "dtype of the result in memory; alike: that of the first operand")

static const fv_field fields[] = {
    WINDOWS,
    FV_FIELD(fv_conv2d_options, activation, .by_default = "none", .names = FV_CONV2D_ACTIVATIONS, .help = "done to y"),
    STORED,
    FV_FIELDS_END,
};
static const fv_field input_fields[] = { WINDOWS, STORED, FV_FIELDS_END };
static const fv_field weights_fields[] = { WINDOWS, FV_FIELDS_END };

/* ---- shape ---- */

/* The type of conv2d(x, w), but for how it is stored. */
static fv_error *convolved(const fv_type *x, const fv_type *w, const fv_conv2d_options *o, fv_type *y) {
    char have[256];
    int64_t K = w->dims[0], C = x->dims[3], P = 0, Q = 0;
    if (C % o->groups || C / o->groups != w->dims[3])
        return fv_fail(FV_SHAPE, "x has %lld channels, but w %s with groups=%lld reads %lld × %lld", (long long)C,
                       fv_type_format(w, have), (long long)o->groups, (long long)o->groups, (long long)w->dims[3]);
    if (K % o->groups)
        return fv_fail(FV_SHAPE, "%lld output channels cannot be cut into %lld groups", (long long)K, (long long)o->groups);
    fv_window down = { w->dims[1], o->stride[0], o->dilation[0], o->padding[0], o->padding[2] };
    fv_window across = { w->dims[2], o->stride[1], o->dilation[1], o->padding[1], o->padding[3] };
    FV_TRY(fv_window_count("height", x->dims[1], down, false, &P));
    FV_TRY(fv_window_count("width", x->dims[2], across, false, &Q));
    *y = fv_type_of(x->dtype, x->dims[0], P, Q, K);
    return NULL;
}

static fv_dtype stored_dtype(const fv_shape_call *call) {
    return fv_stored_dtype(((const fv_conv2d_options *)call->options)->stored, call->inputs[0].dtype);
}

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    FV_TRY(fv_expect_alike(call, 1, "w", "KRSC"));
    FV_TRY(convolved(&call->inputs[0], &call->inputs[1], call->options, &call->outputs[0]));
    call->outputs[0].dtype = stored_dtype(call);
    if (call->input_count < 3) return NULL;
    fv_type bias = fv_type_of(call->inputs[1].dtype, call->inputs[1].dims[0]);
    return fv_expect_type("bias", &call->inputs[2], &bias);
}

static fv_error *grad_input_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "dy", "NHWC"));
    FV_TRY(fv_expect_alike(call, 1, "w", "KRSC"));
    FV_TRY(fv_expect_alike(call, 2, "like", "NHWC"));
    FV_TRY(convolved(&call->inputs[2], &call->inputs[1], call->options, &dy));
    call->outputs[0] = call->inputs[2];
    call->outputs[0].dtype = stored_dtype(call);
    dy.dtype = call->inputs[0].dtype;
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

static fv_error *grad_weights_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    FV_TRY(fv_expect_alike(call, 1, "dy", "NHWC"));
    FV_TRY(fv_expect_alike(call, 2, "like", "KRSC"));
    FV_TRY(convolved(&call->inputs[0], &call->inputs[2], call->options, &dy));
    call->outputs[0] = call->inputs[2];
    dy.dtype = call->inputs[1].dtype;
    return fv_expect_type("dy", &call->inputs[1], &dy);
}

/* ---- gradients: each of the three nodes, op(a, b, …) with options, by the two others ---- */

/* The windows of `node`, and no activation. */
static fv_conv2d_options windows_of(const fv_node *node) {
    fv_conv2d_options o = *(const fv_conv2d_options *)node->options;
    o.activation = FV_CONV2D_PLAIN;
    o.stored = FV_STORED_ALIKE;
    return o;
}

/* How a result made of `from` is stored as `like` is, whose gradient it is. */
static int stored_as(const fv_graph *graph, fv_value like, fv_value from) {
    fv_dtype dtype = fv_value_type(graph, like)->dtype;
    if (dtype == fv_value_type(graph, from)->dtype) return FV_STORED_ALIKE;
    return dtype == FV_BF16 ? FV_STORED_BF16 : FV_STORED_F32;
}

static fv_value conv(fv_graph *graph, const fv_node *node, fv_value x, fv_value w, fv_value like) {
    fv_conv2d_options o = windows_of(node);
    o.stored = stored_as(graph, like, x);
    return fv_graph_add(graph, &fv_op_conv2d, FV_VALUES(x, w), &o, NULL);
}

static fv_value conv_input(fv_graph *graph, const fv_node *node, fv_value dy, fv_value w, fv_value like) {
    fv_conv2d_options o = windows_of(node);
    o.stored = stored_as(graph, like, dy);
    return fv_graph_add(graph, &fv_op_conv2d_grad_input, FV_VALUES(dy, w, like), &o, NULL);
}

static fv_value conv_weights(fv_graph *graph, const fv_node *node, fv_value x, fv_value dy, fv_value like) {
    fv_conv2d_options o = windows_of(node);
    return fv_graph_add(graph, &fv_op_conv2d_grad_weights, FV_VALUES(x, dy, like), &o, NULL);
}

/* dy where the activation has a slope, which y tells. */
static fv_value before_activation(fv_graph *graph, const fv_node *node, fv_value dy) {
    int activation = ((const fv_conv2d_options *)node->options)->activation;
    if (activation == FV_CONV2D_PLAIN) return dy;
    fv_value y = fv_node_value(node, 0), zero = fv_number(graph, dy, 0), flat = fv_apply2(graph, "less_equal", y, zero);
    if (activation == FV_CONV2D_RELU6)
        flat = fv_apply2(graph, "logical_or", flat, fv_apply2(graph, "greater_equal", y, fv_number(graph, dy, 6)));
    return fv_where(graph, flat, zero, dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0], w = node->inputs[1], d = before_activation(graph, node, dy[0]);
    dx[0] = conv_input(graph, node, d, w, x);
    dx[1] = conv_weights(graph, node, x, d, w);
    if (node->input_count < 3) return;
    fv_dtype bias = fv_value_type(graph, node->inputs[2])->dtype;
    if (fv_value_type(graph, d)->dtype != bias) d = fv_apply(graph, "cast", FV_VALUES(d), "dtype=%s", fv_dtype_name(bias));
    dx[2] = fv_apply(graph, "sum", FV_VALUES(d), "axes=0,1,2");
}

static void grad_input_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    fv_value dy = node->inputs[0], w = node->inputs[1];
    dx[0] = conv(graph, node, dz[0], w, dy);
    dx[1] = conv_weights(graph, node, dz[0], dy, w);
}

static void grad_weights_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    fv_value x = node->inputs[0], dy = node->inputs[1];
    dx[0] = conv_input(graph, node, dy, dz[0], x);
    dx[1] = conv(graph, node, x, dz[0], dy);
}

/* ---- reference ---- */

typedef struct sizes {
    const fv_conv2d_options *o;
    int64_t N, H, W, C, K, R, S, P, Q;
    int64_t group_in, group_out; /* channels of x and of y in a group */
    bool rounded;
} sizes;

static sizes sizes_of(const fv_call *call, const fv_tensor *x, const fv_tensor *w, const fv_tensor *y, bool rounded) {
    const fv_conv2d_options *o = call->options;
    const int64_t *X = x->type.dims, *F = w->type.dims, *Y = y->type.dims;
    return (sizes){ o, X[0], X[1], X[2], X[3], F[0], F[1], F[2], Y[1], Y[2], F[3], F[0] / o->groups, rounded };
}

/* The pixel that element `r` of window `p` reads along axis 0 (down) or 1 (across); outside the picture when there is none. */
static int64_t pixel_of(const fv_conv2d_options *o, int axis, int64_t p, int64_t r) {
    return p * o->stride[axis] - o->padding[axis] + r * o->dilation[axis];
}

/* The window whose element `r` reads pixel `h`, or −1. */
static int64_t window_of(const fv_conv2d_options *o, int axis, int64_t h, int64_t r, int64_t windows) {
    int64_t start = h + o->padding[axis] - r * o->dilation[axis];
    return start < 0 || start % o->stride[axis] || start / o->stride[axis] >= windows ? -1 : start / o->stride[axis];
}

/* An element as it is multiplied. */
static double operand(const sizes *z, const fv_tensor *t, int64_t n, int64_t h, int64_t v, int64_t c) {
    return fv_operand(fv_pixel_load(t, n, h, v, c), z->rounded);
}

static double window_sum(const sizes *z, const fv_tensor *x, const fv_tensor *w, int64_t n, int64_t p, int64_t q, int64_t k) {
    double sum = 0;
    int64_t first = k / z->group_out * z->group_in;
    for (int64_t r = 0; r < z->R; r++) {
        int64_t h = pixel_of(z->o, 0, p, r);
        for (int64_t s = 0; s < z->S && h >= 0 && h < z->H; s++) {
            int64_t v = pixel_of(z->o, 1, q, s);
            for (int64_t c = 0; c < z->group_in && v >= 0 && v < z->W; c++)
                sum += operand(z, x, n, h, v, first + c) * operand(z, w, k, r, s, c);
        }
    }
    return sum;
}

static double activate(const fv_conv2d_options *o, double y) {
    return y < fv_conv2d_low(o) ? fv_conv2d_low(o) : y > fv_conv2d_high(o) ? fv_conv2d_high(o) : y;
}

static void reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *x = &call->inputs[0], *w = &call->inputs[1], *y = &call->outputs[0];
    const fv_tensor *bias = call->input_count > 2 ? &call->inputs[2] : NULL;
    sizes z = sizes_of(call, x, w, y, rounded);
    for (int64_t n = 0; n < z.N; n++)
        for (int64_t p = 0; p < z.P; p++)
            for (int64_t q = 0; q < z.Q; q++)
                for (int64_t k = 0; k < z.K; k++) {
                    double start = bias ? fv_tensor_load(bias, k * bias->strides[0]) : 0;
                    fv_pixel_store(y, n, p, q, k, activate(z.o, start + window_sum(&z, x, w, n, p, q, k)));
                }
}

static double pixel_sum(const sizes *z, const fv_tensor *dy, const fv_tensor *w, int64_t n, int64_t h, int64_t v, int64_t c) {
    double sum = 0;
    int64_t group = c / z->group_in;
    for (int64_t r = 0; r < z->R; r++) {
        int64_t p = window_of(z->o, 0, h, r, z->P);
        for (int64_t s = 0; s < z->S && p >= 0; s++) {
            int64_t q = window_of(z->o, 1, v, s, z->Q);
            for (int64_t k = group * z->group_out; k < (group + 1) * z->group_out && q >= 0; k++)
                sum += operand(z, dy, n, p, q, k) * operand(z, w, k, r, s, c % z->group_in);
        }
    }
    return sum;
}

static void grad_input_reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *dy = &call->inputs[0], *w = &call->inputs[1], *dx = &call->outputs[0];
    sizes z = sizes_of(call, dx, w, dy, rounded);
    for (int64_t n = 0; n < z.N; n++)
        for (int64_t h = 0; h < z.H; h++)
            for (int64_t v = 0; v < z.W; v++)
                for (int64_t c = 0; c < z.C; c++) fv_pixel_store(dx, n, h, v, c, pixel_sum(&z, dy, w, n, h, v, c));
}

static double weight_sum(const sizes *z, const fv_tensor *x, const fv_tensor *dy, int64_t k, int64_t r, int64_t s, int64_t c) {
    double sum = 0;
    int64_t channel = k / z->group_out * z->group_in + c;
    for (int64_t n = 0; n < z->N; n++)
        for (int64_t p = 0; p < z->P; p++) {
            int64_t h = pixel_of(z->o, 0, p, r);
            for (int64_t q = 0; q < z->Q && h >= 0 && h < z->H; q++) {
                int64_t v = pixel_of(z->o, 1, q, s);
                if (v >= 0 && v < z->W) sum += operand(z, x, n, h, v, channel) * operand(z, dy, n, p, q, k);
            }
        }
    return sum;
}

static void grad_weights_reference_of(const fv_call *call, bool rounded) {
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1], *dw = &call->outputs[0];
    sizes z = sizes_of(call, x, dw, dy, rounded);
    for (int64_t k = 0; k < z.K; k++)
        for (int64_t r = 0; r < z.R; r++)
            for (int64_t s = 0; s < z.S; s++)
                for (int64_t c = 0; c < z.group_in; c++) fv_pixel_store(dw, k, r, s, c, weight_sum(&z, x, dy, k, r, s, c));
}

static void reference(const fv_call *call) { reference_of(call, false); }
static void grad_input_reference(const fv_call *call) { grad_input_reference_of(call, false); }
static void grad_weights_reference(const fv_call *call) { grad_weights_reference_of(call, false); }
static void rounded_reference(const fv_call *call) { reference_of(call, true); }
static void rounded_grad_input_reference(const fv_call *call) { grad_input_reference_of(call, true); }
static void rounded_grad_weights_reference(const fv_call *call) { grad_weights_reference_of(call, true); }

/* ---- work: the products are the same for all three ---- */

static fv_work products(const fv_call *call, const fv_type *w, const fv_type *y) {
    double windows = (double)fv_type_count(y), each = (double)(w->dims[1] * w->dims[2] * w->dims[3]);
    return (fv_work){ .flops = 2 * windows * each, .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) {
    fv_work result = products(call, &call->inputs[1].type, &call->outputs[0].type);
    if (call->input_count > 2) result.flops += (double)fv_type_count(&call->outputs[0].type);
    return result;
}

static fv_work grad_input_work(const fv_call *call) { return products(call, &call->inputs[1].type, &call->inputs[0].type); }
static fv_work grad_weights_work(const fv_call *call) { return products(call, &call->outputs[0].type, &call->inputs[1].type); }

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[2,7,5,3] w=f32[4,3,3,3] bias=f32[4]",
    "x=f32[2,7,5,3] w=f32[4,3,3,3] stride=2,2 padding=1,0,2,1",
    "x=f32[1,6,9,2] w=f32[3,2,5,2] bias=f32[3] stride=1,3 padding=0,4,1,2",
    "x=f32[3,1,1,5] w=f32[7,1,1,5] bias=f32[7]",
    "x=f32[1,1,1,3] w=f32[2,3,3,3] padding=1",
    "x=f32[2,9,8,4] w=f32[6,3,3,2] groups=2 padding=1 dilation=2,1",
    "x=f32[1,8,7,6] w=f32[6,3,3,1] bias=f32[6] groups=6 stride=2 padding=0,0,1,1",
    "x=f32[2,5,5,3] w=f32[6,3,2,1] groups=3 dilation=1,3 padding=1,2,1,1",
    "x=f32[1,11,10,2] w=f32[3,3,3,2] stride=3 padding=2 dilation=2",
    "x=f32[1,13,13,3] w=f32[5,7,7,3] stride=2 padding=3",
    "x=f32[3,19,22,3]:-2..2 w=f32[70,7,7,3] bias=f32[70] stride=2 padding=3 activation=relu",
    "x=f32[2,16,17,2] w=f32[37,7,7,2] stride=2 padding=0,1,2,5",
    "x=f32[1,3,250,1] w=f32[16,7,7,1] stride=2 padding=4",
    "x=f32[2,6,7,17] w=f32[9,1,1,17] stride=2",
    "x=f32[1,1,3,330] w=f32[17,1,1,330]",
    "x=f32[2,6,5,45] w=f32[45,3,3,1] bias=f32[45] groups=45 padding=1",
    "x=f32[1,9,8,40] w=f32[40,5,3,1] groups=40 stride=2,1 padding=2,1,2,1 dilation=1,2",
    "x=f32[2,9,14,20] w=f32[37,3,3,20] bias=f32[37] padding=1",
    "x=f32[1,1,1,33] w=f32[16,3,3,33] padding=1",
    "x=f32[2,7,5,340] w=f32[9,3,3,340] padding=2,0,1,3",
    "x=f32[13,16,16,32] w=f32[48,3,3,32] bias=f32[48] padding=1",
    "x=f32[1,4,4,512] w=f32[512,3,3,512] padding=1",
    "x=f32[2,7,11,40] w=f32[36,3,3,40] padding=1",
    "x=f32[2,9,14,32] w=f32[37,3,3,32] bias=f32[37] stride=2 padding=1 activation=relu",
    "x=f32[3,1,2,16] w=f32[5,3,3,16] stride=2 padding=1",
    "x=f32[1,14,11,96] w=f32[48,3,3,96] stride=2 padding=0,1,2,0",
    "x=f32[7,14,14,128] w=f32[80,3,3,128] stride=2 padding=1",
    "x=f32[2,7,9,37] w=f32[37,3,3,1] bias=f32[37] groups=37 padding=1",
    "x=f32[2,8,11,21] w=f32[21,5,5,1] groups=21 padding=2 stride=2",
    "x=f32[1,1,1,16] w=f32[16,3,3,1] groups=16 padding=1",
    "x=f32[2,25,24,1] w=f32[16,19,19,1] padding=3",
    "x=f32[1,6,5,9] w=f32[9,5,5,1] bias=f32[9] groups=9 padding=0,1,2,3",
    "x=f32[2,7,6,70] w=f32[70,3,3,1] groups=70 padding=1,0,2,1 stride=2",
    "x=f32[2,3,5,7] w=f32[19,1,1,7] bias=f32[19] activation=relu",
    "x=f32[1,5,3,9]:-2..2 w=f32[11,3,3,9] bias=f32[11] stride=2 activation=relu6",
    "x=f32[1,5,6,18]:-2..2 w=f32[9,3,3,18] bias=f32[9] padding=1 activation=relu6",
    "x=f32[1,5,7,19]:-9..9 w=f32[19,3,3,1] bias=f32[19] groups=19 padding=1 activation=relu6",
    "x=f32[1,5,4,10]:-9..9 w=f32[10,3,2,1] bias=f32[10] groups=10 activation=relu",
    "x=bf16[2,9,14,20] w=f32[37,3,3,20] bias=f32[37] padding=1",
    "x=bf16[2,7,5,340] w=f32[9,3,3,340] padding=2,0,1,3 stored=f32",
    "x=f32[13,16,16,32] w=f32[48,3,3,32] bias=f32[48] padding=1 activation=relu stored=bf16",
    NULL,
};

static const char *const grad_input_cases[] = {
    "dy=f32[2,5,3,4] w=f32[4,3,3,3] like=f32[2,7,5,3]",
    "dy=f32[2,4,2,4] w=f32[4,3,3,3] like=f32[2,7,5,3] stride=2,2 padding=1,0,2,1",
    "dy=f32[1,3,4,3] w=f32[3,2,5,2] like=f32[1,6,8,2] stride=2,3 padding=0,4,1,2",
    "dy=f32[3,1,1,7] w=f32[7,1,1,5] like=f32[3,1,1,5]",
    "dy=f32[2,7,8,6] w=f32[6,3,3,2] like=f32[2,9,8,4] groups=2 padding=1 dilation=2,1",
    "dy=f32[1,4,3,6] w=f32[6,3,3,1] like=f32[1,8,7,6] groups=6 stride=2 padding=0,0,1,1",
    "dy=f32[1,4,4,3] w=f32[3,3,3,2] like=f32[1,11,10,2] stride=3 padding=2 dilation=2",
    "dy=f32[2,3,4,9] w=f32[9,1,1,17] like=f32[2,6,7,17] stride=2",
    "dy=f32[1,1,3,330] w=f32[330,1,1,17] like=f32[1,1,3,17]",
    "dy=f32[2,6,5,45] w=f32[45,3,3,1] like=f32[2,6,5,45] groups=45 padding=1",
    "dy=f32[1,5,6,40] w=f32[40,5,3,1] like=f32[1,9,8,40] groups=40 stride=2,1 padding=2,1,2,1 dilation=1,2",
    "dy=f32[2,9,14,20] w=f32[20,3,3,37] like=f32[2,9,14,37] padding=1",
    "dy=f32[1,1,1,33] w=f32[33,3,3,16] like=f32[1,1,1,16] padding=1",
    "dy=f32[2,8,6,340] w=f32[340,3,3,9] like=f32[2,7,5,9] padding=2,0,1,3",
    "dy=f32[1,7,7,18] w=f32[18,3,3,5] like=f32[1,3,2,5] padding=3,4,3,3",
    "dy=f32[13,16,16,48] w=f32[48,3,3,32] like=f32[13,16,16,32] padding=1",
    "dy=f32[2,7,11,40] w=f32[40,3,3,36] like=f32[2,7,11,36] padding=1",
    "dy=f32[2,5,7,37] w=f32[37,3,3,32] like=f32[2,9,14,32] stride=2 padding=1",
    "dy=f32[3,1,1,16] w=f32[16,3,3,5] like=f32[3,1,2,5] stride=2 padding=1",
    "dy=f32[7,7,7,80] w=f32[80,3,3,48] like=f32[7,14,14,48] stride=2 padding=1",
    "dy=f32[1,7,5,48] w=f32[48,3,3,96] like=f32[1,14,11,96] stride=2 padding=0,1,2,0",
    "dy=f32[2,7,9,37] w=f32[37,3,3,1] like=f32[2,7,9,37] groups=37 padding=1",
    "dy=f32[2,4,6,21] w=f32[21,5,5,1] like=f32[2,8,11,21] groups=21 padding=2 stride=2",
    "dy=f32[1,1,1,16] w=f32[16,3,3,1] like=f32[1,1,1,16] groups=16 padding=1",
    "dy=f32[1,4,5,9] w=f32[9,5,5,1] like=f32[1,6,5,9] groups=9 padding=0,1,2,3",
    "dy=f32[2,4,3,70] w=f32[70,3,3,1] like=f32[2,7,6,70] groups=70 padding=1,0,2,1 stride=2",
    "dy=bf16[2,7,11,40] w=f32[40,3,3,36] like=bf16[2,7,11,36] padding=1",
    "dy=f32[2,8,6,340] w=f32[340,3,3,9] like=bf16[2,7,5,9] padding=2,0,1,3 stored=bf16",
    NULL,
};

static const char *const grad_weights_cases[] = {
    "x=f32[2,7,5,3] dy=f32[2,5,3,4] like=f32[4,3,3,3]",
    "x=f32[2,7,5,3] dy=f32[2,4,2,4] like=f32[4,3,3,3] stride=2,2 padding=1,0,2,1",
    "x=f32[1,6,8,2] dy=f32[1,3,4,3] like=f32[3,2,5,2] stride=2,3 padding=0,4,1,2",
    "x=f32[3,1,1,5] dy=f32[3,1,1,7] like=f32[7,1,1,5]",
    "x=f32[2,9,8,4] dy=f32[2,7,8,6] like=f32[6,3,3,2] groups=2 padding=1 dilation=2,1",
    "x=f32[1,8,7,6] dy=f32[1,4,3,6] like=f32[6,3,3,1] groups=6 stride=2 padding=0,0,1,1",
    "x=f32[1,11,10,2] dy=f32[1,4,4,3] like=f32[3,3,3,2] stride=3 padding=2 dilation=2",
    "x=f32[11,6,7,17] dy=f32[11,3,4,9] like=f32[9,1,1,17] stride=2",
    "x=f32[9,19,22,3] dy=f32[9,10,11,70] like=f32[70,7,7,3] stride=2 padding=3",
    "x=f32[2,25,24,1] dy=f32[2,13,12,16] like=f32[16,19,19,1] padding=3",
    "x=f32[2,16,17,2] dy=f32[2,6,9,35] like=f32[35,7,7,2] stride=2 padding=0,1,2,5",
    "x=f32[1,3,250,1] dy=f32[1,3,126,16] like=f32[16,7,7,1] stride=2 padding=4",
    "x=f32[2,1,1,270] dy=f32[2,1,1,140] like=f32[140,1,1,270]",
    "x=f32[1,12,12,2] dy=f32[1,12,12,3] like=f32[3,1,1,2]",
    "x=f32[11,5,4,48] dy=f32[11,5,4,32] like=f32[32,1,1,48]",
    "x=f32[9,4,3,32] dy=f32[9,4,3,64] like=f32[64,1,1,16] groups=2",
    "x=f32[11,6,5,45] dy=f32[11,6,5,45] like=f32[45,3,3,1] groups=45 padding=1",
    "x=f32[3,9,8,40] dy=f32[3,5,6,40] like=f32[40,5,3,1] groups=40 stride=2,1 padding=2,1,2,1 dilation=1,2",
    "x=f32[2,9,14,20] dy=f32[2,9,14,35] like=f32[35,3,3,20] padding=1",
    "x=f32[1,1,1,33] dy=f32[1,1,1,16] like=f32[16,3,3,33] padding=1",
    "x=f32[11,7,5,70] dy=f32[11,8,6,9] like=f32[9,3,3,70] padding=2,0,1,3",
    "x=f32[13,16,16,32] dy=f32[13,16,16,48] like=f32[48,3,3,32] padding=1",
    "x=f32[9,6,6,100] dy=f32[9,4,4,150] like=f32[150,3,3,100]",
    "x=f32[9,2,2,200] dy=f32[9,2,2,220] like=f32[220,3,3,200] padding=1",
    "x=f32[9,7,11,40] dy=f32[9,7,11,36] like=f32[36,3,3,40] padding=1",
    "x=f32[9,9,14,32] dy=f32[9,5,7,35] like=f32[35,3,3,32] stride=2 padding=1",
    "x=f32[2,1,2,16] dy=f32[2,1,1,5] like=f32[5,3,3,16] stride=2 padding=1",
    "x=f32[11,14,11,80] dy=f32[11,7,5,70] like=f32[70,3,3,80] stride=2 padding=0,1,2,0",
    "x=f32[2,7,9,35] dy=f32[2,7,9,35] like=f32[35,3,3,1] groups=35 padding=1",
    "x=f32[3,8,11,21] dy=f32[3,4,6,21] like=f32[21,5,5,1] groups=21 padding=2 stride=2",
    "x=f32[1,1,1,16] dy=f32[1,1,1,16] like=f32[16,3,3,1] groups=16 padding=1",
    "x=f32[1,6,5,9] dy=f32[1,4,5,9] like=f32[9,5,5,1] groups=9 padding=0,1,2,3",
    "x=f32[2,7,6,70] dy=f32[2,4,3,70] like=f32[70,3,3,1] groups=70 padding=1,0,2,1 stride=2",
    "x=bf16[9,6,6,100] dy=bf16[9,4,4,150] like=f32[150,3,3,100]",
    "x=f32[9,7,11,40] dy=bf16[9,7,11,36] like=f32[36,3,3,40] padding=1",
    NULL,
};

static const char *const rounded_cases[] = {
    "x=f32[2,7,5,3] w=f32[4,3,3,3] bias=f32[4]",
    "x=f32[1,13,13,3] w=f32[5,7,7,3] stride=2 padding=3",
    "x=f32[1,1,3,1330] w=f32[17,1,1,1330]",
    "x=f32[1,1,1,1] w=f32[1,1,1,1]",
    "x=f32[3,9,7,6] w=f32[34,3,2,3] bias=f32[34] groups=2 dilation=2,1 activation=relu6",
    "x=f32[2,9,8,70] w=f32[50,1,1,70] activation=relu",
    "x=f32[2,6,7,17] w=f32[9,1,1,17] stride=2",
    "x=bf16[2,9,8,70] w=f32[150,1,1,70] bias=f32[150] activation=relu",
    "x=bf16[2,6,7,17] w=f32[9,1,1,17] stride=2",
    "x=bf16[1,1,3,1330] w=f32[417,1,1,1330]",
    "x=bf16[2,9,8,70] w=f32[50,1,1,70] stored=f32",
    "x=f32[2,19,22,3] w=f32[70,7,7,3] stride=2 padding=3 stored=bf16",
    "x=bf16[2,11,9,90] w=f32[330,3,3,90] stride=2 padding=1 stored=bf16",
    "x=bf16[3,9,7,6] w=f32[34,3,2,3] bias=f32[34] groups=2 dilation=2,1 activation=relu6",
    NULL,
};

static const char *const rounded_grad_input_cases[] = {
    "dy=f32[2,4,2,4] w=f32[4,3,3,3] like=f32[2,7,5,3] stride=2,2 padding=1,0,2,1",
    "dy=f32[1,1,3,1330] w=f32[1330,1,1,17] like=f32[1,1,3,17]",
    "dy=f32[2,7,8,12] w=f32[12,3,3,5] like=f32[2,9,8,10] groups=2 padding=1 dilation=2,1",
    "dy=f32[3,9,8,70] w=f32[70,1,1,50] like=f32[3,9,8,50]",
    "dy=f32[1,5,3,7] w=f32[7,1,1,9] like=f32[1,5,3,9]",
    "dy=bf16[3,9,8,70] w=f32[70,1,1,150] like=f32[3,9,8,150]",
    "dy=bf16[2,4,2,4] w=f32[4,3,3,3] like=bf16[2,7,5,3] stride=2,2 padding=1,0,2,1 stored=f32",
    "dy=f32[2,7,8,12] w=f32[12,3,3,5] like=bf16[2,9,8,10] groups=2 padding=1 dilation=2,1 stored=bf16",
    "dy=bf16[1,1,3,1330] w=f32[1330,1,1,17] like=f32[1,1,3,17]",
    NULL,
};

static const char *const rounded_grad_weights_cases[] = {
    "x=f32[2,7,5,3] dy=f32[2,4,2,4] like=f32[4,3,3,3] stride=2,2 padding=1,0,2,1",
    "x=f32[9,5,5,45] dy=f32[9,5,5,20] like=f32[20,1,1,45]",
    "x=f32[9,4,3,32] dy=f32[9,4,3,64] like=f32[64,1,1,16] groups=2",
    "x=f32[11,7,5,70] dy=f32[11,8,6,9] like=f32[9,3,3,70] padding=2,0,1,3",
    "x=f32[9,7,7,260] dy=f32[9,7,7,140] like=f32[140,1,1,260]",
    "x=f32[1,1,1,3] dy=f32[1,1,1,2] like=f32[2,1,1,3]",
    "x=bf16[9,5,5,45] dy=bf16[9,5,5,20] like=f32[20,1,1,45]",
    "x=f32[11,7,5,70] dy=bf16[11,8,6,9] like=f32[9,3,3,70] padding=2,0,1,3",
    "x=bf16[9,7,7,260] dy=f32[9,7,7,140] like=f32[140,1,1,260]",
    "x=bf16[2,7,5,3] dy=bf16[2,4,2,4] like=f32[4,3,3,3] stride=2,2 padding=1,0,2,1",
    "x=bf16[9,4,3,32] dy=bf16[9,4,3,64] like=f32[64,1,1,16] groups=2",
    NULL,
};

const fv_op fv_op_conv2d = {
    .name = "conv2d",
    .version = 1,
    .summary = "2-D convolution, NHWC by KRSC",
    .inputs = "x,w,bias?",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_conv2d_grad_input = {
    .name = "conv2d_grad_input",
    .version = 1,
    .summary = "gradient of conv2d with respect to x; also transposed convolution",
    .inputs = "dy,w,like!",
    .outputs = "dx",
    .fields = input_fields,
    .shape = grad_input_shape,
    .grad = grad_input_grad,
    .reference = grad_input_reference,
    .work = grad_input_work,
    .cases = grad_input_cases,
};

const fv_op fv_op_conv2d_grad_weights = {
    .name = "conv2d_grad_weights",
    .version = 1,
    .summary = "gradient of conv2d with respect to w",
    .inputs = "x,dy,like!",
    .outputs = "dw",
    .fields = weights_fields,
    .flags = FV_OP_JOINS,
    .shape = grad_weights_shape,
    .grad = grad_weights_grad,
    .reference = grad_weights_reference,
    .work = grad_weights_work,
    .cases = grad_weights_cases,
};

const fv_op fv_op_rounded_conv2d = {
    .name = "rounded_conv2d",
    .version = 1,
    .summary = "conv2d of operands rounded to bf16; made by the planner",
    .inputs = "x,w,bias?",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = rounded_reference,
    .work = work,
    .cases = rounded_cases,
};

const fv_op fv_op_rounded_conv2d_grad_input = {
    .name = "rounded_conv2d_grad_input",
    .version = 1,
    .summary = "conv2d_grad_input of operands rounded to bf16; made by the planner",
    .inputs = "dy,w,like!",
    .outputs = "dx",
    .fields = input_fields,
    .shape = grad_input_shape,
    .grad = fv_grad_refused,
    .reference = rounded_grad_input_reference,
    .work = grad_input_work,
    .cases = rounded_grad_input_cases,
};

const fv_op fv_op_rounded_conv2d_grad_weights = {
    .name = "rounded_conv2d_grad_weights",
    .version = 1,
    .summary = "conv2d_grad_weights of operands rounded to bf16; made by the planner",
    .inputs = "x,dy,like!",
    .outputs = "dw",
    .fields = weights_fields,
    .flags = FV_OP_JOINS,
    .shape = grad_weights_shape,
    .grad = fv_grad_refused,
    .reference = rounded_grad_weights_reference,
    .work = grad_weights_work,
    .cases = rounded_grad_weights_cases,
};
