/* keras_mobilenet_v2.c - MobileNetV2 (Sandler et al., arXiv 1801.04381) as keras.applications has it: its names, TensorFlow's
 * padding, batch norms of epsilon 0.001 and momentum 0.001, no dropout. */
#include <stdio.h>

#include "layers/arch.h"
#include "layers/conv_unit.h"

typedef struct keras_mobilenet_options {
    FV_ARCH_OPTIONS;
    double width;
} keras_mobilenet_options;

static const fv_field fields[] = { FV_ARCH_FIELDS(keras_mobilenet_options, "1000", "224", "3"),
                                   FV_FIELD(keras_mobilenet_options, width, .by_default = "1", .min = 0.05, .max = 10,
                                            .help = "factor of every number of filters: alpha"),
                                   FV_FIELDS_END };

static const struct {
    int expand, filters, blocks, stride;
} stages[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
               { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 } };

static fv_value unit(fv_graph *graph, fv_value x, fv_conv_unit u) {
    u.same = true;
    u.epsilon = u.momentum = 1e-3;
    return fv_conv_unit_add(graph, x, &u);
}

/* The layers PREFIX_KIND and PREFIX_KIND_BN. */
static fv_value part(fv_graph *graph, fv_value x, const char *prefix, const char *kind, fv_conv_unit u) {
    char conv[64], norm[64];
    snprintf(conv, sizeof conv, "%s_%s", prefix, kind);
    snprintf(norm, sizeof norm, "%s_%s_BN", prefix, kind);
    u.conv = conv, u.norm = norm;
    return unit(graph, x, u);
}

static fv_value block(fv_graph *graph, fv_value x, int number, int64_t filters, int64_t stride, int expand) {
    char prefix[32] = "expanded_conv"; /* the first one */
    int64_t in = fv_value_type(graph, x)->dims[3], inside = in * expand;
    if (number) snprintf(prefix, sizeof prefix, "block_%d", number);
    fv_value y = x;
    if (expand != 1)
        y = part(graph, y, prefix, "expand",
                 (fv_conv_unit){ .filters = inside, .kernel = 1, .stride = 1, .activation = "relu6" });
    y = part(graph, y, prefix, "depthwise",
             (fv_conv_unit){ .filters = inside, .kernel = 3, .stride = stride, .groups = inside, .activation = "relu6" });
    y = part(graph, y, prefix, "project", (fv_conv_unit){ .filters = filters, .kernel = 1, .stride = 1 });
    return stride == 1 && in == filters ? fv_apply(graph, "add", FV_VALUES(x, y), NULL) : y;
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const keras_mobilenet_options *o = raw;
    int number = 0;
    x = unit(graph, x,
             (fv_conv_unit){ .conv = "Conv1",
                             .norm = "bn_Conv1",
                             .filters = fv_multiple_of_8(32 * o->width),
                             .kernel = 3,
                             .stride = 2,
                             .activation = "relu6" });
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        for (int b = 0; b < stages[s].blocks; b++)
            x = block(graph, x, number++, fv_multiple_of_8(stages[s].filters * o->width), b ? 1 : stages[s].stride,
                      stages[s].expand);
    int64_t last = o->width > 1 ? fv_multiple_of_8(1280 * o->width) : 1280;
    x = unit(graph, x,
             (fv_conv_unit){
                 .conv = "Conv_1", .norm = "Conv_1_bn", .filters = last, .kernel = 1, .stride = 1, .activation = "relu6" });
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    return fv_layer_apply(graph, "predictions", x, "dense units=%lld", (long long)o->classes);
}

const fv_arch fv_arch_mobilenet_v2_keras = {
    .name = "mobilenet_v2_keras",
    .summary = "MobileNetV2 as Keras has it",
    .fields = fields,
    .paper = "arXiv 1801.04381",
    .parameters = 3504872,
    .build = build,
};
