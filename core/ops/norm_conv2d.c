/* norm_conv2d.c - a convolution of what a batch norm and the activation behind it make of x. The planner joins them
 * (norm_on_load.c), so that the norm's result is never in memory:
 *
 *   e = activation((x − mean) · inv_std · scale + bias)     y = conv2d(e, w)     zero outside the picture
 *
 * The norm's statistics are inputs: batch_norm_statistics makes them. */
#include "core/ops/norm_conv2d.h"

#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "core/ops/conv2d.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/window.h"

static const fv_field fields[] = {
    FV_FIELD(fv_conv2d_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between windows, down and across"),
    FV_FIELD(fv_conv2d_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "rows and columns of zeros: top, left, bottom, right"),
    FV_FIELD(fv_conv2d_options, dilation, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between the pixels that a window reads"),
    FV_FIELD(fv_conv2d_options, groups, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "parts the channels are cut into, each convolved by itself"),
    FV_FIELD(fv_conv2d_options, activation, .by_default = "none", .names = FV_CONV2D_ACTIVATIONS,
             .help = "done to the norm's result"),
    FV_FIELDS_END,
};

/* ---- shape ---- */

static fv_error *shape(fv_shape_call *call) {
    static const char *const names[] = { "x", "scale", "bias", "mean", "inv_std" };
    const fv_conv2d_options *o = call->options;
    const fv_type *x = &call->inputs[FV_NORM_CONV_X], *w = &call->inputs[FV_NORM_CONV_W];
    char have[256];
    int64_t size[2];
    FV_TRY(fv_expect(call, FV_NORM_CONV_X, "x", "NHWC"));
    FV_TRY(fv_expect(call, FV_NORM_CONV_W, "w", "KRSC"));
    fv_type channel = fv_type_of(x->dtype, x->dims[3]);
    for (int i = FV_NORM_CONV_SCALE; i <= FV_NORM_CONV_INV_STD; i++)
        FV_TRY(fv_expect_type(names[i], &call->inputs[i], &channel));
    if (x->dims[3] % o->groups || x->dims[3] / o->groups != w->dims[3] || w->dims[0] % o->groups)
        return fv_fail(FV_SHAPE, "w is %s, which does not fit %lld channels in %lld groups", fv_type_format(w, have),
                       (long long)x->dims[3], (long long)o->groups);
    for (int axis = 0; axis < 2; axis++) {
        fv_window window = { w->dims[1 + axis], o->stride[axis], o->dilation[axis], o->padding[axis], o->padding[2 + axis] };
        FV_TRY(fv_window_count(axis ? "width" : "height", x->dims[1 + axis], window, false, &size[axis]));
    }
    call->outputs[0] = fv_type_of(x->dtype, x->dims[0], size[0], size[1], w->dims[0]);
    return NULL;
}

/* ---- reference ---- */

/* Channel c of pixel (h, v) of e, which is zero outside the picture. */
static double normal(const fv_call *call, int64_t n, int64_t h, int64_t v, int64_t c) {
    const fv_tensor *x = &call->inputs[FV_NORM_CONV_X];
    double parts[FV_NORM_CONV_INV_STD + 1];
    if (h < 0 || h >= x->type.dims[1] || v < 0 || v >= x->type.dims[2]) return 0;
    for (int i = FV_NORM_CONV_SCALE; i <= FV_NORM_CONV_INV_STD; i++)
        parts[i] = fv_tensor_load(&call->inputs[i], c * call->inputs[i].strides[0]);
    double scale = parts[FV_NORM_CONV_SCALE] * parts[FV_NORM_CONV_INV_STD];
    double y = (fv_pixel_load(x, n, h, v, c) - parts[FV_NORM_CONV_MEAN]) * scale + parts[FV_NORM_CONV_BIAS];
    const fv_conv2d_options *o = call->options;
    return y < fv_conv2d_low(o) ? fv_conv2d_low(o) : y > fv_conv2d_high(o) ? fv_conv2d_high(o) : y;
}

/* The pixel that element `r` of window `p` reads along an axis. */
static int64_t pixel_of(const fv_conv2d_options *o, int axis, int64_t p, int64_t r) {
    return p * o->stride[axis] - o->padding[axis] + r * o->dilation[axis];
}

static double window_sum(const fv_call *call, int64_t n, int64_t p, int64_t q, int64_t k) {
    const fv_tensor *w = &call->inputs[FV_NORM_CONV_W];
    const fv_conv2d_options *o = call->options;
    int64_t first = k / (w->type.dims[0] / o->groups) * w->type.dims[3];
    double sum = 0;
    for (int64_t r = 0; r < w->type.dims[1]; r++)
        for (int64_t s = 0; s < w->type.dims[2]; s++)
            for (int64_t c = 0; c < w->type.dims[3]; c++)
                sum += normal(call, n, pixel_of(o, 0, p, r), pixel_of(o, 1, q, s), first + c) * fv_pixel_load(w, k, r, s, c);
    return sum;
}

static void reference(const fv_call *call) {
    const int64_t *y = call->outputs[0].type.dims;
    for (int64_t n = 0; n < y[0]; n++)
        for (int64_t p = 0; p < y[1]; p++)
            for (int64_t q = 0; q < y[2]; q++)
                for (int64_t k = 0; k < y[3]; k++) fv_pixel_store(&call->outputs[0], n, p, q, k, window_sum(call, n, p, q, k));
}

/* ---- work: the convolution's, and a multiply-add for each element of x ---- */

static fv_work work(const fv_call *call) {
    const fv_type *w = &call->inputs[FV_NORM_CONV_W].type;
    double windows = (double)fv_type_count(&call->outputs[0].type), each = (double)(w->dims[1] * w->dims[2] * w->dims[3]);
    return (fv_work){ .flops = 2 * windows * each + 2 * (double)fv_type_count(&call->inputs[FV_NORM_CONV_X].type),
                      .bytes = fv_call_bytes(call) };
}

/* ---- cases ---- */

#define NORM(C) "scale=f32[" C "]:0.5..2 bias=f32[" C "] mean=f32[" C "] inv_std=f32[" C "]:0.5..2 "

static const char *const cases[] = {
    "x=f32[2,7,5,3] " NORM("3") "w=f32[4,1,1,3]",
    "x=f32[3,9,11,21]:-3..3 " NORM("21") "w=f32[17,1,1,21] activation=relu6",
    "x=f32[1,5,4,340] " NORM("340") "w=f32[33,1,1,340] activation=relu",
    "x=f32[2,3,3,16] " NORM("16") "w=f32[150,1,1,16] activation=relu",
    "x=f32[2,9,7,19]:-3..3 " NORM("19") "w=f32[19,3,3,1] padding=1 groups=19 activation=relu6",
    "x=f32[1,12,13,32] " NORM("32") "w=f32[32,3,3,1] padding=0,1,2,1 stride=2 groups=32 activation=relu6",
    "x=f32[2,8,11,40] " NORM("40") "w=f32[40,5,5,1] padding=2 groups=40 activation=relu",
    "x=f32[1,15,9,7] " NORM("7") "w=f32[7,5,5,1] padding=2,1,2,3 stride=2 groups=7",
    "x=f32[1,1,1,16] " NORM("16") "w=f32[16,3,3,1] padding=1 groups=16 activation=relu6",
    "x=f32[1,7,8,4] " NORM("4") "w=f32[6,3,3,2] groups=2 padding=2 dilation=2,1 stride=1,2",
    NULL,
};
const fv_op fv_op_norm_conv2d = {
    .name = "norm_conv2d",
    .version = 1,
    .summary = "2-D convolution of a batch norm's result, made on the way",
    .inputs = "x,scale,bias,mean,inv_std,w",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
