/* conv2d.c - 2-D convolution over NHWC pictures: NAME.weight, KRSC, and NAME.bias. PyTorch's initial values by default:
 * Kaiming's uniform with a = √5, which is ±1/√fan_in, for both. */
#include <math.h>

#include "layers/layer.h"

typedef struct conv2d_options {
    int64_t filters, kernel[2], stride[2], padding[4], dilation[2], groups;
    bool bias;
    const char *init;
} conv2d_options;

static const fv_field fields[] = {
    FV_FIELD(conv2d_options, filters, .required = true, .min = 1, .help = "channels of the output"),
    FV_FIELD(conv2d_options, kernel, .required = true, .min = 1, .help = "height and width of the window"),
    FV_FIELD(conv2d_options, stride, .by_default = "1", .min = 1, .help = "step between windows"),
    FV_FIELD(conv2d_options, padding, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "zeros at top, left, bottom, right"),
    FV_FIELD(conv2d_options, dilation, .by_default = "1", .min = 1, .help = "step inside a window"),
    FV_FIELD(conv2d_options, groups, .by_default = "1", .min = 1,
             .help = "parts the channels are cut into; all of them: depthwise"),
    FV_FIELD(conv2d_options, bias, .by_default = "true", .help = "whether a bias is added"),
    FV_FIELD(conv2d_options, init, .by_default = "\"kaiming_uniform a=2.23606797749979\"", .help = "initialiser of the weight"),
    FV_FIELDS_END
};

static fv_value bias_of(fv_graph *graph, const char *name, const fv_type *weight) {
    FV_TEXT(init, 128);
    double bound = 1 / sqrt((double)fv_type_count(weight) / (double)weight->dims[0]);
    fv_text_addf(&init, "uniform low=%.17g high=%.17g", -bound, bound);
    fv_graph_fail(graph, fv_text_error(&init));
    fv_type type = fv_type_of(weight->dtype, weight->dims[0]);
    return fv_layer_state(graph, name, "bias", type, FV_PARAMETER, init.at);
}

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *raw) {
    const conv2d_options *o = raw;
    if (!fv_layer_takes(graph, name, x, 4)) return FV_NO_VALUE;
    fv_type in = *fv_value_type(graph, x);
    fv_type type = fv_type_of(in.dtype, o->filters, o->kernel[0], o->kernel[1], in.dims[3] / o->groups);
    fv_value weight = fv_layer_state(graph, name, "weight", type, FV_PARAMETER, o->init);
    fv_value bias = o->bias ? bias_of(graph, name, &type) : FV_NO_VALUE;
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, "conv2d", FV_VALUES(x, weight, bias),
                    "stride=%lld,%lld padding=%lld,%lld,%lld,%lld dilation=%lld,%lld groups=%lld", (long long)o->stride[0],
                    (long long)o->stride[1], (long long)o->padding[0], (long long)o->padding[1], (long long)o->padding[2],
                    (long long)o->padding[3], (long long)o->dilation[0], (long long)o->dilation[1], (long long)o->groups);
}

static const char *const cases[] = { "f32[2,7,5,3] filters=4 kernel=3,3 padding=1 stride=2 -> f32[2,4,3,4]",
                                     "f32[1,5,6,4] filters=8 kernel=3 groups=4 bias=false -> f32[1,3,4,8]",
                                     "f32[1,8,8,2] filters=3 kernel=3 dilation=2 padding=1,0,1,2 -> f32[1,6,6,3]", NULL };

const fv_layer fv_layer_conv2d = {
    .name = "conv2d",
    .summary = "2-D convolution",
    .fields = fields,
    .build = build,
    .cases = cases,
};
