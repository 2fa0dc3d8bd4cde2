/* keras_resnet.c - the residual network of 50 layers as keras.applications has it: its names, convolutions with bias, batch
 * norms of epsilon 1.001e-5, and the stride of a stage in the first 1×1 convolution of its first block, as in the paper (He et
 * al., arXiv 1512.03385). */
#include <stdio.h>

#include "layers/arch.h"
#include "layers/conv_unit.h"

static const fv_field fields[] = { FV_ARCH_FIELDS(fv_arch_options, "1000", "224", "3"), FV_FIELDS_END };

/* The layers PREFIX_conv and PREFIX_bn. */
static fv_value unit(fv_graph *graph, fv_value x, const char *prefix, fv_conv_unit u) {
    char conv[64], norm[64];
    snprintf(conv, sizeof conv, "%s_conv", prefix);
    snprintf(norm, sizeof norm, "%s_bn", prefix);
    u.conv = conv, u.norm = norm, u.bias = true;
    u.epsilon = 1.001e-5, u.momentum = 0.01;
    return fv_conv_unit_add(graph, x, &u);
}

static fv_value block(fv_graph *graph, fv_value x, int stage, int number, int64_t filters, int64_t stride) {
    char name[4][48];
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "conv%d_block%d_%d", stage, number, i);
    fv_value shortcut = x;
    if (number == 1)
        shortcut = unit(graph, x, name[0], (fv_conv_unit){ .filters = 4 * filters, .kernel = 1, .stride = stride });
    x = unit(graph, x, name[1], (fv_conv_unit){ .filters = filters, .kernel = 1, .stride = stride, .activation = "relu" });
    x = unit(graph, x, name[2], (fv_conv_unit){ .filters = filters, .kernel = 3, .stride = 1, .activation = "relu" });
    x = unit(graph, x, name[3], (fv_conv_unit){ .filters = 4 * filters, .kernel = 1, .stride = 1 });
    return fv_apply(graph, "relu", FV_VALUES(fv_apply(graph, "add", FV_VALUES(shortcut, x), NULL)), NULL);
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    static const int blocks[] = { 3, 4, 6, 3 };
    const fv_arch_options *o = raw;
    x = unit(graph, x, "conv1", (fv_conv_unit){ .filters = 64, .kernel = 7, .stride = 2, .activation = "relu" });
    x = fv_layer_apply(graph, "pool1_pool", x, "max_pool window=3 stride=2 padding=1");
    for (int s = 0; s < 4; s++)
        for (int b = 0; b < blocks[s]; b++) x = block(graph, x, s + 2, b + 1, 64 << s, s > 0 && b == 0 ? 2 : 1);
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    return fv_layer_apply(graph, "predictions", x, "dense units=%lld", (long long)o->classes);
}

const fv_arch fv_arch_resnet50_keras = {
    .name = "resnet50_keras",
    .summary = "residual network of 50 layers as Keras has it",
    .fields = fields,
    .paper = "arXiv 1512.03385",
    .parameters = 25583592,
    .build = build,
};
