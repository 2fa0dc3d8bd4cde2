/* mobilenet_v2.c - MobileNetV2 (Sandler et al., arXiv 1801.04381) with torchvision's names, counts and initial values. */
#include "layers/arch.h"
#include "layers/block.h"

typedef struct mobilenet_v2_options {
    FV_ARCH_OPTIONS;
    double width, dropout;
} mobilenet_v2_options;

static const fv_field fields[] = { FV_ARCH_FIELDS(mobilenet_v2_options, "1000", "224", "3"),
                                   FV_FIELD(mobilenet_v2_options, width, .by_default = "1", .min = 0.05, .max = 10,
                                            .help = "factor of every number of filters"),
                                   FV_FIELD(mobilenet_v2_options, dropout, .by_default = "0.2", .min = 0, .max = 1,
                                            .help = "before the last layer"),
                                   FV_FIELDS_END };

static const struct {
    int expand, filters, blocks, stride;
} stages[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
               { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 } };

/* The multiple of 8 nearest to filters · width, at least 8 and not below nine tenths of it: as the authors' code rounds. */
static int64_t scaled(int filters, double width) {
    double wanted = filters * width;
    int64_t rounded = (int64_t)(wanted + 4) / 8 * 8;
    if (rounded < 8) rounded = 8;
    return (double)rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

static fv_value add_stages(fv_graph *graph, fv_value x, double width, int *number) {
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
        for (int b = 0; b < stages[s].blocks; b++) {
            int64_t scope = fv_graph_push_scope(graph, "features.%d.", (*number)++);
            x = fv_inverted_residual_block(graph, x, scaled(stages[s].filters, width), b == 0 ? stages[s].stride : 1,
                                           stages[s].expand);
            fv_graph_pop_scope(graph, scope);
        }
    }
    return x;
}

static fv_value add_conv(fv_graph *graph, fv_value x, int number, int64_t filters, int kernel, int stride) {
    int64_t scope = fv_graph_push_scope(graph, "features.%d.", number);
    x = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "0", "1", filters, kernel, stride, 1, "relu6" });
    fv_graph_pop_scope(graph, scope);
    return x;
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const mobilenet_v2_options *o = raw;
    int number = 1;
    x = add_conv(graph, x, 0, scaled(32, o->width), 3, 2);
    x = add_stages(graph, x, o->width, &number);
    x = add_conv(graph, x, number, scaled(1280, o->width > 1 ? o->width : 1), 1, 1);
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    if (o->dropout > 0) x = fv_layer_apply(graph, "classifier.0", x, "dropout rate=%.17g", o->dropout);
    return fv_layer_apply(graph, "classifier.1", x, "dense units=%lld init=\"normal std=0.01\" bias_init=zeros",
                          (long long)o->classes);
}

const fv_arch fv_arch_mobilenet_v2 = {
    .name = "mobilenet_v2",
    .summary = "inverted residuals and depthwise convolutions, for small devices",
    .fields = fields,
    .paper = "arXiv 1801.04381",
    .parameters = 3504872,
    .build = build,
};
