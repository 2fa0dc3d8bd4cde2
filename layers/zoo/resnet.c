/* resnet.c - residual networks (He et al., arXiv 1512.03385) with torchvision's names, counts and initial values: the stride of
 * a bottleneck sits in its 3×3 convolution, zero-initialised scales are not used. resnet18_cifar is the usual variant for
 * pictures of 32 pixels: a 3×3 stem without stride or pooling. */
#include "layers/arch.h"
#include "layers/block.h"

typedef struct resnet_options {
    FV_ARCH_OPTIONS;
    int64_t width;
} resnet_options;

#define WIDTH_FIELD                                                                                                            \
    FV_FIELD(resnet_options, width, .by_default = "64", .min = 1, .max = 65536,                                                \
             .help = "filters of the first stage, doubled in each of the next")
static const fv_field fields[] = { FV_ARCH_FIELDS(resnet_options, "1000", "224", "3"), WIDTH_FIELD, FV_FIELDS_END };
static const fv_field cifar_fields[] = { FV_ARCH_FIELDS(resnet_options, "10", "32", "3"), WIDTH_FIELD, FV_FIELDS_END };

typedef struct plan {
    fv_value (*block)(fv_graph *graph, fv_value x, int64_t width, int64_t stride);
    int blocks[4]; /* of each stage */
    bool small;    /* the stem for small pictures */
} plan;

static const plan resnet18 = { fv_basic_block, { 2, 2, 2, 2 }, false };
static const plan resnet34 = { fv_basic_block, { 3, 4, 6, 3 }, false };
static const plan resnet50 = { fv_bottleneck_block, { 3, 4, 6, 3 }, false };
static const plan resnet18_cifar = { fv_basic_block, { 2, 2, 2, 2 }, true };

static fv_value stem(fv_graph *graph, fv_value x, int64_t width, bool small) {
    x = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "conv1", "bn1", width, small ? 3 : 7, small ? 1 : 2, 1, "relu" });
    if (small) return x;
    return fv_layer_apply(graph, "maxpool", x, "max_pool window=3 stride=2 padding=1");
}

static fv_value network(fv_graph *graph, fv_value x, const resnet_options *o, const plan *plan) {
    x = stem(graph, x, o->width, plan->small);
    for (int stage = 0; stage < 4; stage++) {
        for (int b = 0; b < plan->blocks[stage]; b++) {
            int64_t scope = fv_graph_push_scope(graph, "layer%d.%d.", stage + 1, b);
            x = plan->block(graph, x, o->width << stage, stage > 0 && b == 0 ? 2 : 1);
            fv_graph_pop_scope(graph, scope);
        }
    }
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    return fv_layer_apply(graph, "fc", x, "dense units=%lld", (long long)o->classes);
}

static fv_value build18(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, &resnet18); }
static fv_value build34(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, &resnet34); }
static fv_value build50(fv_graph *graph, fv_value x, const void *options) { return network(graph, x, options, &resnet50); }
static fv_value build18_cifar(fv_graph *graph, fv_value x, const void *options) {
    return network(graph, x, options, &resnet18_cifar);
}

const fv_arch fv_arch_resnet18 = {
    .name = "resnet18",
    .summary = "residual network of 18 layers",
    .fields = fields,
    .paper = "arXiv 1512.03385",
    .parameters = 11689512,
    .build = build18,
};
const fv_arch fv_arch_resnet34 = {
    .name = "resnet34",
    .summary = "residual network of 34 layers",
    .fields = fields,
    .paper = "arXiv 1512.03385",
    .parameters = 21797672,
    .build = build34,
};
const fv_arch fv_arch_resnet50 = {
    .name = "resnet50",
    .summary = "residual network of 50 layers, in bottlenecks",
    .fields = fields,
    .paper = "arXiv 1512.03385",
    .parameters = 25557032,
    .build = build50,
};
const fv_arch fv_arch_resnet18_cifar = {
    .name = "resnet18_cifar",
    .summary = "residual network of 18 layers for pictures of 32 pixels",
    .fields = cifar_fields,
    .paper = "arXiv 1512.03385",
    .parameters = 11173962,
    .build = build18_cifar,
};
