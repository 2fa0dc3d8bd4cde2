/* efficientnet_lite.c - EfficientNet-Lite 0, 1 and 2 (Tan and Le, arXiv 1905.11946, without squeeze and excitation and with
 * ReLU6, as in Google's efficientnet/lite), with timm's names. Padding is TensorFlow's SAME for the sizes at hand; batch norms
 * have epsilon 0.001 and momentum 0.01. Stem, head and the depth of the first and last stage are not scaled. */
#include <math.h>

#include "layers/arch.h"
#include "layers/conv_unit.h"

typedef struct lite_options {
    FV_ARCH_OPTIONS;
    double dropout;
} lite_options;

#define DROPOUT_FIELD(value)                                                                                                   \
    FV_FIELD(lite_options, dropout, .by_default = (value), .min = 0, .max = 1, .help = "before the last layer")
static const fv_field fields0[] = { FV_ARCH_FIELDS(lite_options, "1000", "224", "3"), DROPOUT_FIELD("0.2"), FV_FIELDS_END };
static const fv_field fields1[] = { FV_ARCH_FIELDS(lite_options, "1000", "240", "3"), DROPOUT_FIELD("0.2"), FV_FIELDS_END };
static const fv_field fields2[] = { FV_ARCH_FIELDS(lite_options, "1000", "260", "3"), DROPOUT_FIELD("0.3"), FV_FIELDS_END };

typedef struct stage {
    int repeats, kernel, stride, expand, filters;
} stage;
static const stage stages[] = { { 1, 3, 1, 1, 16 },  { 2, 3, 2, 6, 24 },  { 2, 5, 2, 6, 40 }, { 3, 3, 2, 6, 80 },
                                { 3, 5, 1, 6, 112 }, { 4, 5, 2, 6, 192 }, { 1, 3, 1, 6, 320 } };
#define STAGES 7

static fv_value unit(fv_graph *graph, fv_value x, fv_conv_unit u) {
    u.same = true;
    u.epsilon = 1e-3, u.momentum = 0.01;
    return fv_conv_unit_add(graph, x, &u);
}

/* The first stage's, without expansion: depthwise, then 1×1. */
static fv_value separable(fv_graph *graph, fv_value x, const stage *s, int64_t filters, int64_t stride) {
    int64_t in = fv_value_type(graph, x)->dims[3];
    x = unit(graph, x, (fv_conv_unit){ "conv_dw", "bn1", in, s->kernel, stride, in, "relu6", 0, 0, true, false });
    return unit(graph, x, (fv_conv_unit){ "conv_pw", "bn2", filters, 1, 1, 1, NULL, 0, 0, true, false });
}

static fv_value inverted(fv_graph *graph, fv_value x, const stage *s, int64_t filters, int64_t stride) {
    int64_t inside = fv_value_type(graph, x)->dims[3] * s->expand;
    x = unit(graph, x, (fv_conv_unit){ "conv_pw", "bn1", inside, 1, 1, 1, "relu6", 0, 0, true, false });
    x = unit(graph, x, (fv_conv_unit){ "conv_dw", "bn2", inside, s->kernel, stride, inside, "relu6", 0, 0, true, false });
    return unit(graph, x, (fv_conv_unit){ "conv_pwl", "bn3", filters, 1, 1, 1, NULL, 0, 0, true, false });
}

static fv_value block(fv_graph *graph, fv_value x, const stage *s, int64_t filters, int64_t stride) {
    int64_t in = fv_value_type(graph, x)->dims[3];
    fv_value y = (s->expand == 1 ? separable : inverted)(graph, x, s, filters, stride);
    return stride == 1 && in == filters ? fv_apply(graph, "add", FV_VALUES(y, x), NULL) : y;
}

static fv_value network(fv_graph *graph, fv_value x, const lite_options *o, double width, double depth) {
    x = unit(graph, x, (fv_conv_unit){ "conv_stem", "bn1", 32, 3, 2, 1, "relu6", 0, 0, true, false });
    for (int i = 0; i < STAGES; i++) {
        const stage *s = &stages[i];
        bool fixed = i == 0 || i == STAGES - 1;
        int repeats = fixed ? s->repeats : (int)ceil(depth * s->repeats);
        for (int b = 0; b < repeats; b++) {
            int64_t scope = fv_graph_push_scope(graph, "blocks.%d.%d.", i, b);
            x = block(graph, x, s, fv_multiple_of_8(s->filters * width), b ? 1 : s->stride);
            fv_graph_pop_scope(graph, scope);
        }
    }
    x = unit(graph, x, (fv_conv_unit){ "conv_head", "bn2", 1280, 1, 1, 1, "relu6", 0, 0, true, false });
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    if (o->dropout > 0) x = fv_layer_apply(graph, "dropout", x, "dropout rate=%.17g", o->dropout);
    return fv_layer_apply(graph, "classifier", x, "dense units=%lld", (long long)o->classes);
}

static fv_value build0(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, 1, 1); }
static fv_value build1(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, 1, 1.1); }
static fv_value build2(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, 1.1, 1.2); }

const fv_arch fv_arch_efficientnet_lite0 = {
    .name = "efficientnet_lite0",
    .summary = "EfficientNet for small devices, 224 pixels",
    .fields = fields0,
    .paper = "arXiv 1905.11946",
    .parameters = 4652008,
    .build = build0,
};
const fv_arch fv_arch_efficientnet_lite1 = {
    .name = "efficientnet_lite1",
    .summary = "EfficientNet for small devices, deeper, 240 pixels",
    .fields = fields1,
    .paper = "arXiv 1905.11946",
    .parameters = 5416680,
    .build = build1,
};
const fv_arch fv_arch_efficientnet_lite2 = {
    .name = "efficientnet_lite2",
    .summary = "EfficientNet for small devices, deeper and wider, 260 pixels",
    .fields = fields2,
    .paper = "arXiv 1905.11946",
    .parameters = 6092072,
    .build = build2,
};
