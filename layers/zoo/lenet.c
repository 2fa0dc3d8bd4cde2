/* lenet.c - the small network for 28×28 digits: LeNet-5's two convolutions and two dense layers (LeCun et al., "Gradient-based
 * learning applied to document recognition", 1998) with what is usual today: 20 and 50 filters, max pooling, batch norm, ReLU,
 * dropout. Its own names; no torchvision network corresponds to it. 431,150 parameters by default. */
#include <stdio.h>

#include "layers/arch.h"

typedef struct lenet_options {
    FV_ARCH_OPTIONS;
    double dropout;
} lenet_options;

static const fv_field fields[] = {
    FV_ARCH_FIELDS(lenet_options, "10", "28", "1"),
    FV_FIELD(lenet_options, dropout, .by_default = "0.4", .min = 0, .max = 1, .help = "before the last layer"), FV_FIELDS_END
};

/* 5×5 convolution without border, norm, ReLU, halved. */
static fv_value stage(fv_graph *graph, fv_value x, int number, int filters) {
    char name[2][16];
    snprintf(name[0], sizeof name[0], "conv%d", number);
    snprintf(name[1], sizeof name[1], "bn%d", number);
    x = fv_layer_apply(graph, name[0], x,
                       "conv2d filters=%d kernel=5 bias=false init=\"kaiming_normal mode=fan_out nonlinearity=relu\"", filters);
    x = fv_layer_apply(graph, name[1], x, "batch_norm");
    x = fv_apply(graph, "relu", FV_VALUES(x), NULL);
    return fv_apply(graph, "max_pool2d", FV_VALUES(x), "window=2,2 stride=2,2");
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const lenet_options *o = raw;
    x = stage(graph, x, 1, 20);
    x = stage(graph, x, 2, 50);
    x = fv_layer_apply(graph, "flatten", x, "flatten");
    x = fv_layer_apply(graph, "fc1", x, "dense units=500");
    fv_graph_name_next(graph, "features");
    x = fv_apply(graph, "relu", FV_VALUES(x), NULL);
    if (o->dropout > 0) x = fv_layer_apply(graph, "dropout", x, "dropout rate=%.17g", o->dropout);
    return fv_layer_apply(graph, "fc2", x, "dense units=%lld", (long long)o->classes);
}

const fv_arch fv_arch_lenet = {
    .name = "lenet",
    .summary = "LeNet-5 with batch norm, ReLU and dropout, for 28-pixel digits",
    .fields = fields,
    .paper = "LeCun et al., Proceedings of the IEEE 86 (11), 1998",
    .parameters = 431150,
    .build = build,
};
