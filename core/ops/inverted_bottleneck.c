/* inverted_bottleneck.c - a convolution that widens the channels, a depthwise one and a 1×1 one that narrows them again, as one
 * op: what MobileNetV2 and EfficientNet are made of (Sandler et al., arXiv 1801.04381). The planner makes it of the three
 * (fuse_bottleneck.c), for the sake of what lies between them and is never in memory as a whole:
 *
 *   e = activation(conv2d(x, expand) + expand_bias)                      [N,H,W,M]
 *   d = activation(depthwise conv2d(e, depthwise) + depthwise_bias)      [N,P,Q,M]
 *   y = conv2d(d, project) + project_bias [+ residual]                   [N,P,Q,K] */
#include "core/ops/inverted_bottleneck.h"

#include <stdio.h>

#include "core/base/size.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/window.h"

#define OPTION(name, ...) FV_FIELD(fv_inverted_bottleneck_options, name, __VA_ARGS__)
static const fv_field fields[] = {
    OPTION(expand_stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX, .help = "step between windows on x"),
    OPTION(expand_padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
           .help = "rows and columns of zeros around x: top, left, bottom, right"),
    OPTION(expand_activation, .by_default = "none", .names = FV_CONV2D_ACTIVATIONS, .help = "done to the widened picture"),
    OPTION(stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX, .help = "step between the depthwise windows"),
    OPTION(padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
           .help = "rows and columns of zeros around the widened picture: top, left, bottom, right"),
    OPTION(activation, .by_default = "none", .names = FV_CONV2D_ACTIVATIONS, .help = "done to what the depthwise windows give"),
    FV_FIELDS_END,
};

fv_conv2d_options fv_bottleneck_expand(const fv_inverted_bottleneck_options *o) {
    const int64_t *stride = o->expand_stride, *padding = o->expand_padding;
    return (fv_conv2d_options){ .stride = { stride[0], stride[1] },
                                .padding = { padding[0], padding[1], padding[2], padding[3] },
                                .dilation = { 1, 1 },
                                .groups = 1,
                                .activation = o->expand_activation };
}

/* ---- shape ---- */

static fv_error *windows(const fv_type *x, const fv_type *w, const int64_t stride[2], const int64_t padding[4],
                         int64_t out[2]) {
    static const char *const axes[] = { "height", "width" };
    for (int axis = 0; axis < 2; axis++) {
        fv_window window = { w->dims[1 + axis], stride[axis], 1, padding[axis], padding[2 + axis] };
        FV_TRY(fv_window_count(axes[axis], x->dims[1 + axis], window, false, &out[axis]));
    }
    return NULL;
}

static fv_error *expect_weights(const fv_shape_call *call, int index, const char *name, int64_t in, int64_t out) {
    const fv_type *w = &call->inputs[index];
    char have[256], bias[64];
    FV_TRY(fv_expect(call, index, name, "KRSC"));
    if (w->dims[3] != in)
        return fv_fail(FV_SHAPE, "%s is %s, but reads %lld channels", name, fv_type_format(w, have), (long long)in);
    if (out && w->dims[0] != out)
        return fv_fail(FV_SHAPE, "%s is %s, but gives %lld channels", name, fv_type_format(w, have), (long long)out);
    fv_type want = fv_type_of(call->inputs[0].dtype, w->dims[0]);
    snprintf(bias, sizeof bias, "%s_bias", name);
    return fv_expect_type(bias, &call->inputs[index + 1], &want);
}

static fv_error *shape(fv_shape_call *call) {
    const fv_inverted_bottleneck_options *o = call->options;
    const fv_type *x = &call->inputs[FV_BOTTLENECK_X], *project = &call->inputs[FV_BOTTLENECK_PROJECT];
    char have[256];
    int64_t size[2];
    FV_TRY(fv_expect(call, FV_BOTTLENECK_X, "x", "NHWC"));
    FV_TRY(expect_weights(call, FV_BOTTLENECK_EXPAND, "expand", x->dims[3], 0));
    FV_TRY(windows(x, &call->inputs[FV_BOTTLENECK_EXPAND], o->expand_stride, o->expand_padding, size));
    fv_type wide = fv_type_of(x->dtype, x->dims[0], size[0], size[1], call->inputs[FV_BOTTLENECK_EXPAND].dims[0]);
    FV_TRY(expect_weights(call, FV_BOTTLENECK_DEPTHWISE, "depthwise", 1, wide.dims[3]));
    FV_TRY(windows(&wide, &call->inputs[FV_BOTTLENECK_DEPTHWISE], o->stride, o->padding, size));
    FV_TRY(expect_weights(call, FV_BOTTLENECK_PROJECT, "project", wide.dims[3], 0));
    if (project->dims[1] != 1 || project->dims[2] != 1)
        return fv_fail(FV_SHAPE, "project is %s, but has to be 1×1", fv_type_format(project, have));
    call->outputs[0] = fv_type_of(x->dtype, x->dims[0], size[0], size[1], project->dims[0]);
    if (call->input_count <= FV_BOTTLENECK_RESIDUAL) return NULL;
    return fv_expect_type("residual", &call->inputs[FV_BOTTLENECK_RESIDUAL], &call->outputs[0]);
}

/* ---- reference ---- */

#define SOME 256 /* widened channels of a pixel that are summed at once */

static double limited(int activation, double y) {
    fv_conv2d_options o = { .activation = activation };
    return y < fv_conv2d_low(&o) ? fv_conv2d_low(&o) : y > fv_conv2d_high(&o) ? fv_conv2d_high(&o) : y;
}

/* Σ x · w over the window of pixel (p, q) for output channel k, from `start` on. */
static double window_sum(const fv_tensor *x, const fv_tensor *w, const int64_t *stride, const int64_t *padding, int64_t n,
                         int64_t p, int64_t q, int64_t k, double start) {
    for (int64_t r = 0; r < w->type.dims[1]; r++)
        for (int64_t s = 0; s < w->type.dims[2]; s++) {
            int64_t h = p * stride[0] - padding[0] + r, v = q * stride[1] - padding[1] + s;
            if (h < 0 || h >= x->type.dims[1] || v < 0 || v >= x->type.dims[2]) continue;
            for (int64_t c = 0; c < w->type.dims[3]; c++) start += fv_pixel_load(x, n, h, v, c) * fv_pixel_load(w, k, r, s, c);
        }
    return start;
}

static double bias_of(const fv_call *call, int weights, int64_t k) {
    const fv_tensor *bias = &call->inputs[weights + 1];
    return fv_tensor_load(bias, k * bias->strides[0]);
}

/* Channel m of pixel (p, q) of what the depthwise windows give, size: of the widened picture. */
static double depthwise_at(const fv_call *call, const int64_t size[2], int64_t n, int64_t p, int64_t q, int64_t m) {
    const fv_inverted_bottleneck_options *o = call->options;
    const fv_tensor *w = &call->inputs[FV_BOTTLENECK_DEPTHWISE];
    double sum = bias_of(call, FV_BOTTLENECK_DEPTHWISE, m), start = bias_of(call, FV_BOTTLENECK_EXPAND, m);
    for (int64_t r = 0; r < w->type.dims[1]; r++)
        for (int64_t s = 0; s < w->type.dims[2]; s++) {
            int64_t h = p * o->stride[0] - o->padding[0] + r, v = q * o->stride[1] - o->padding[1] + s;
            if (h < 0 || h >= size[0] || v < 0 || v >= size[1]) continue;
            double wide = window_sum(&call->inputs[FV_BOTTLENECK_X], &call->inputs[FV_BOTTLENECK_EXPAND], o->expand_stride,
                                     o->expand_padding, n, h, v, m, start);
            sum += limited(o->expand_activation, wide) * fv_pixel_load(w, m, r, s, 0);
        }
    return limited(o->activation, sum);
}

static void pixel_reference(const fv_call *call, const int64_t size[2], int64_t n, int64_t p, int64_t q) {
    const fv_tensor *w = &call->inputs[FV_BOTTLENECK_PROJECT], *y = &call->outputs[0];
    const fv_tensor *residual = call->input_count > FV_BOTTLENECK_RESIDUAL ? &call->inputs[FV_BOTTLENECK_RESIDUAL] : NULL;
    double depthwise[SOME];
    int64_t channels = w->type.dims[3];
    for (int64_t first = 0; first < channels; first += SOME) {
        int64_t end = fv_min(channels, first + SOME);
        for (int64_t m = first; m < end; m++) depthwise[m - first] = depthwise_at(call, size, n, p, q, m);
        for (int64_t k = 0; k < w->type.dims[0]; k++) {
            double sum = first ? fv_pixel_load(y, n, p, q, k) : bias_of(call, FV_BOTTLENECK_PROJECT, k);
            if (!first && residual) sum += fv_pixel_load(residual, n, p, q, k);
            for (int64_t m = first; m < end; m++) sum += depthwise[m - first] * fv_pixel_load(w, k, 0, 0, m);
            fv_pixel_store(y, n, p, q, k, sum);
        }
    }
}

fv_type fv_bottleneck_wide(const fv_call *call) {
    const fv_inverted_bottleneck_options *o = call->options;
    const fv_type *x = &call->inputs[FV_BOTTLENECK_X].type, *w = &call->inputs[FV_BOTTLENECK_EXPAND].type;
    int64_t size[2];
    for (int axis = 0; axis < 2; axis++) {
        int64_t room = x->dims[1 + axis] + o->expand_padding[axis] + o->expand_padding[2 + axis] - w->dims[1 + axis];
        size[axis] = room / o->expand_stride[axis] + 1;
    }
    return fv_type_of(x->dtype, x->dims[0], size[0], size[1], w->dims[0]);
}

static void reference(const fv_call *call) {
    const fv_type wide = fv_bottleneck_wide(call), *y = &call->outputs[0].type;
    for (int64_t n = 0; n < y->dims[0]; n++)
        for (int64_t p = 0; p < y->dims[1]; p++)
            for (int64_t q = 0; q < y->dims[2]; q++) pixel_reference(call, wide.dims + 1, n, p, q);
}

/* The sum of what the three convolutions take; what lies between them is not in memory. */
static fv_work work(const fv_call *call) {
    fv_type wide = fv_bottleneck_wide(call);
    const int64_t *expand = call->inputs[FV_BOTTLENECK_EXPAND].type.dims, *y = call->outputs[0].type.dims;
    const int64_t *depthwise = call->inputs[FV_BOTTLENECK_DEPTHWISE].type.dims;
    double pixels = (double)(y[0] * y[1] * y[2]), channels = (double)expand[0];
    double each = 2 * (double)(expand[1] * expand[2] * expand[3]) + 1;
    double flops = (double)fv_type_count(&wide) * each + pixels * channels * (2 * (double)(depthwise[1] * depthwise[2]) + 1);
    return (fv_work){ .flops = flops + pixels * (double)y[3] * (2 * channels + 1), .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[2,9,7,5] e=f32[19,1,1,5] eb=f32[19] d=f32[19,3,3,1] db=f32[19] p=f32[7,1,1,19] pb=f32[7] padding=1",
    "x=f32[1,8,11,6]:-3..3 e=f32[18,1,1,6] eb=f32[18] d=f32[18,3,3,1]:-3..3 db=f32[18] p=f32[6,1,1,18] pb=f32[6] "
    "r=f32[1,8,11,6] padding=1 expand_activation=relu6 activation=relu6",
    "x=f32[3,13,10,4] e=f32[33,1,1,4] eb=f32[33] d=f32[33,5,5,1] db=f32[33] p=f32[17,1,1,33] pb=f32[17] padding=2 stride=2 "
    "expand_activation=relu activation=relu",
    "x=f32[1,21,17,3] e=f32[16,3,3,3] eb=f32[16] d=f32[16,3,3,1] db=f32[16] p=f32[9,1,1,16] pb=f32[9] expand_stride=2 "
    "expand_padding=0,1,1,1 padding=1 expand_activation=relu6",
    "x=f32[2,6,5,8] e=f32[340,1,1,8] eb=f32[340] d=f32[340,5,5,1] db=f32[340] p=f32[8,1,1,340] pb=f32[8] r=f32[2,6,5,8] "
    "padding=2 activation=relu6",
    "x=f32[1,7,7,8] e=f32[200,1,1,8] eb=f32[200] d=f32[200,5,5,1] db=f32[200] p=f32[40,1,1,200] pb=f32[40] r=f32[1,7,7,40] "
    "padding=2 expand_activation=relu6 activation=relu6",
    "x=f32[1,13,15,3] e=f32[83,3,3,3] eb=f32[83] d=f32[83,5,5,1] db=f32[83] p=f32[33,1,1,83] pb=f32[33] expand_stride=2 "
    "expand_padding=1 padding=2 activation=relu6",
    "x=f32[1,9,9,4] e=f32[70,1,1,4] eb=f32[70] d=f32[70,5,5,1] db=f32[70] p=f32[5,1,1,70] pb=f32[5] padding=1,1,2,2 stride=2 "
    "expand_activation=relu",
    "x=f32[1,1,1,3] e=f32[5,1,1,3] eb=f32[5] d=f32[5,3,3,1] db=f32[5] p=f32[2,1,1,5] pb=f32[2] padding=1",
    "x=f32[1,40,19,2] e=f32[8,1,1,2] eb=f32[8] d=f32[8,3,3,1] db=f32[8] p=f32[3,1,1,8] pb=f32[3] padding=0,1,1,2 stride=2",
    "x=f32[1,7,6,4] e=f32[6,2,3,4] eb=f32[6] d=f32[6,4,2,1] db=f32[6] p=f32[3,1,1,6] pb=f32[3] stride=3,1",
    NULL,
};

const fv_op fv_op_inverted_bottleneck = {
    .name = "inverted_bottleneck",
    .version = 1,
    .summary = "a widening, a depthwise and a narrowing convolution in one",
    .inputs = "x,expand,expand_bias,depthwise,depthwise_bias,project,project_bias,residual?",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
