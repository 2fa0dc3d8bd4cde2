/* small_cnn.c - a plain network for small pictures, 28 to 64 pixels: three stages of two 3×3 convolutions, each with batch norm
 * and ReLU, halved by max pooling between them (the pattern of VGG, arXiv 1409.1556), global average pooling, dropout, one
 * dense layer. The width doubles from stage to stage. Any size from 4 pixels on works. */
#include "layers/arch.h"
#include "layers/block.h"

#define STAGES 3

typedef struct small_cnn_options {
    FV_ARCH_OPTIONS;
    int64_t width;
    double dropout;
} small_cnn_options;

static const fv_field fields[] = {
    FV_ARCH_FIELDS(small_cnn_options, "10", "32", "3"),
    FV_FIELD(small_cnn_options, width, .by_default = "32", .min = 1, .max = 65536, .help = "filters of the first stage"),
    FV_FIELD(small_cnn_options, dropout, .by_default = "0.2", .min = 0, .max = 1, .help = "before the last layer"),
    FV_FIELDS_END
};

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const small_cnn_options *o = raw;
    for (int stage = 0; stage < STAGES; stage++) {
        int64_t scope = fv_graph_push_scope(graph, "stage%d.", stage + 1), filters = o->width << stage;
        if (stage > 0) x = fv_apply(graph, "max_pool2d", FV_VALUES(x), "window=2,2 stride=2,2");
        x = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "conv1", "bn1", filters, 3, 1, 1, "relu" });
        x = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "conv2", "bn2", filters, 3, 1, 1, "relu" });
        fv_graph_pop_scope(graph, scope);
    }
    x = fv_layer_apply(graph, "features", x, "global_avg_pool");
    if (o->dropout > 0) x = fv_layer_apply(graph, "dropout", x, "dropout rate=%.17g", o->dropout);
    return fv_layer_apply(graph, "fc", x, "dense units=%lld", (long long)o->classes);
}

const fv_arch fv_arch_small_cnn = {
    .name = "small_cnn",
    .summary = "six 3x3 convolutions with batch norm, for pictures of 28 to 64 pixels",
    .fields = fields,
    .parameters = 288746,
    .build = build,
};
