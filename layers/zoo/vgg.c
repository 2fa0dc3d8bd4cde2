/* vgg.c - VGG of 16 layers, without batch norms (Simonyan and Zisserman, arXiv 1409.1556), with torchvision's names, counts and
 * initial values. The picture before the classifier is averaged to 7×7, so that any size will do. */
#include <stdio.h>

#include "layers/arch.h"

typedef struct vgg_options {
    FV_ARCH_OPTIONS;
    double dropout;
} vgg_options;

static const fv_field fields[] = { FV_ARCH_FIELDS(vgg_options, "1000", "224", "3"),
                                   FV_FIELD(vgg_options, dropout, .by_default = "0.5", .min = 0, .max = 1,
                                            .help = "between the layers of the classifier"),
                                   FV_FIELDS_END };

/* Filters of each 3×3 convolution; 0: a max pooling. */
static const int vgg16[] = { 64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0 };

/* torchvision numbers activations and poolings too: a convolution takes two numbers, a pooling one. */
static fv_value convolutions(fv_graph *graph, fv_value x, const int *plan, int count) {
    char name[32];
    for (int i = 0, number = 0; i < count; i++) {
        snprintf(name, sizeof name, "features.%d", number);
        if (!plan[i]) {
            x = fv_layer_apply(graph, name, x, "max_pool window=2 stride=2");
            number++;
            continue;
        }
        x = fv_layer_apply(graph, name, x,
                           "conv2d filters=%d kernel=3 padding=1 init=\"kaiming_normal mode=fan_out nonlinearity=relu\"",
                           plan[i]);
        x = fv_apply(graph, "relu", FV_VALUES(x), NULL);
        number += 2;
    }
    return x;
}

static fv_value hidden(fv_graph *graph, fv_value x, int number, double dropout, const char *last) {
    char name[32];
    snprintf(name, sizeof name, "classifier.%d", number);
    x = fv_layer_apply(graph, name, x, "dense units=4096 init=\"normal std=0.01\" bias_init=zeros");
    x = last ? fv_layer_apply(graph, last, x, "activation kind=relu") : fv_apply(graph, "relu", FV_VALUES(x), NULL);
    snprintf(name, sizeof name, "classifier.%d", number + 2);
    return dropout > 0 ? fv_layer_apply(graph, name, x, "dropout rate=%.17g", dropout) : x;
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const vgg_options *o = raw;
    x = convolutions(graph, x, vgg16, sizeof vgg16 / sizeof *vgg16);
    x = fv_apply(graph, "adaptive_avg_pool2d", FV_VALUES(x), "size=7,7");
    x = fv_apply(graph, "reshape", FV_VALUES(x), "dims=0,-1");
    x = hidden(graph, x, 0, o->dropout, NULL);
    x = hidden(graph, x, 3, o->dropout, "features");
    return fv_layer_apply(graph, "classifier.6", x, "dense units=%lld init=\"normal std=0.01\" bias_init=zeros",
                          (long long)o->classes);
}

const fv_arch fv_arch_vgg16 = {
    .name = "vgg16",
    .summary = "13 plain 3×3 convolutions and three dense layers: large, slow, and still asked for",
    .fields = fields,
    .paper = "arXiv 1409.1556",
    .parameters = 138357544,
    .build = build,
};
