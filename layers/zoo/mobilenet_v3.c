/* mobilenet_v3.c - MobileNetV3, large and small (Howard et al., arXiv 1905.02244), with torchvision's names, counts and initial
 * values: batch norms of epsilon 0.001 and momentum 0.01, hard swish, squeeze and excitation by a quarter of the inner
 * channels. */
#include <stdio.h>

#include "layers/arch.h"
#include "layers/conv_unit.h"

typedef struct mobilenet_v3_options {
    FV_ARCH_OPTIONS;
    double width, dropout;
} mobilenet_v3_options;

static const fv_field fields[] = { FV_ARCH_FIELDS(mobilenet_v3_options, "1000", "224", "3"),
                                   FV_FIELD(mobilenet_v3_options, width, .by_default = "1", .min = 0.05, .max = 10,
                                            .help = "factor of every number of filters"),
                                   FV_FIELD(mobilenet_v3_options, dropout, .by_default = "0.2", .min = 0, .max = 1,
                                            .help = "before the last layer"),
                                   FV_FIELDS_END };

/* One inverted residual: window, inner channels, filters, stride. */
typedef struct row {
    int kernel, inside, filters, stride;
    bool squeeze, swish; /* squeeze and excitation; hard swish, else ReLU */
} row;

static const row large[] = {
    { 3, 16, 16, 1, false, false }, { 3, 64, 24, 2, false, false }, { 3, 72, 24, 1, false, false },
    { 5, 72, 40, 2, true, false },  { 5, 120, 40, 1, true, false }, { 5, 120, 40, 1, true, false },
    { 3, 240, 80, 2, false, true }, { 3, 200, 80, 1, false, true }, { 3, 184, 80, 1, false, true },
    { 3, 184, 80, 1, false, true }, { 3, 480, 112, 1, true, true }, { 3, 672, 112, 1, true, true },
    { 5, 672, 160, 2, true, true }, { 5, 960, 160, 1, true, true }, { 5, 960, 160, 1, true, true },
};
static const row small[] = {
    { 3, 16, 16, 2, true, false }, { 3, 72, 24, 2, false, false }, { 3, 88, 24, 1, false, false },
    { 5, 96, 40, 2, true, true },  { 5, 240, 40, 1, true, true },  { 5, 240, 40, 1, true, true },
    { 5, 120, 48, 1, true, true }, { 5, 144, 48, 1, true, true },  { 5, 288, 96, 2, true, true },
    { 5, 576, 96, 1, true, true }, { 5, 576, 96, 1, true, true },
};

/* Convolution, norm, activation as layers NAME.0 and NAME.1. */
static fv_value unit(fv_graph *graph, fv_value x, const char *name, fv_conv_unit u) {
    char conv[80], norm[80];
    snprintf(conv, sizeof conv, "%s.0", name);
    snprintf(norm, sizeof norm, "%s.1", name);
    u.conv = conv, u.norm = norm;
    u.epsilon = 1e-3, u.momentum = 0.01;
    return fv_conv_unit_add(graph, x, &u);
}

static fv_value block(fv_graph *graph, fv_value x, const row *r, double width, int number) {
    char name[4][16], reduce[24], expand[24];
    int64_t in = fv_value_type(graph, x)->dims[3], inside = fv_multiple_of_8(r->inside * width);
    int64_t filters = fv_multiple_of_8(r->filters * width), scope = fv_graph_push_scope(graph, "features.%d.", number);
    const char *activation = r->swish ? "hard_swish" : "relu";
    int part = 0;
    for (int i = 0; i < 4; i++) snprintf(name[i], sizeof name[i], "block.%d", i);
    fv_value y = x;
    if (inside != in)
        y = unit(graph, y, name[part++],
                 (fv_conv_unit){ .filters = inside, .kernel = 1, .stride = 1, .activation = activation });
    y = unit(graph, y, name[part++],
             (fv_conv_unit){
                 .filters = inside, .kernel = r->kernel, .stride = r->stride, .groups = inside, .activation = activation });
    if (r->squeeze) {
        snprintf(reduce, sizeof reduce, "%s.fc1", name[part]);
        snprintf(expand, sizeof expand, "%s.fc2", name[part++]);
        int64_t squeezed = fv_multiple_of_8((double)(inside / 4));
        y = fv_squeeze_excite_add(graph, y, &(fv_squeeze_excite){ reduce, expand, squeezed, "relu", "hard_sigmoid" });
    }
    y = unit(graph, y, name[part], (fv_conv_unit){ .filters = filters, .kernel = 1, .stride = 1 });
    fv_graph_pop_scope(graph, scope);
    return r->stride == 1 && in == filters ? fv_apply(graph, "add", FV_VALUES(y, x), NULL) : y;
}

static fv_value network(fv_graph *graph, fv_value x, const mobilenet_v3_options *o, const row *rows, int count, int last) {
    char name[32];
    x = unit(
        graph, x, "features.0",
        (fv_conv_unit){ .filters = fv_multiple_of_8(16 * o->width), .kernel = 3, .stride = 2, .activation = "hard_swish" });
    for (int i = 0; i < count; i++) x = block(graph, x, &rows[i], o->width, i + 1);
    snprintf(name, sizeof name, "features.%d", count + 1);
    int64_t filters = 6 * fv_value_type(graph, x)->dims[3];
    x = unit(graph, x, name, (fv_conv_unit){ .filters = filters, .kernel = 1, .stride = 1, .activation = "hard_swish" });
    x = fv_layer_apply(graph, "pooled", x, "global_avg_pool");
    x = fv_layer_apply(graph, "classifier.0", x, "dense units=%lld init=\"normal std=0.01\" bias_init=zeros",
                       (long long)fv_multiple_of_8(last * o->width));
    x = fv_layer_apply(graph, "features", x, "activation kind=hard_swish");
    if (o->dropout > 0) x = fv_layer_apply(graph, "classifier.2", x, "dropout rate=%.17g", o->dropout);
    return fv_layer_apply(graph, "classifier.3", x, "dense units=%lld init=\"normal std=0.01\" bias_init=zeros",
                          (long long)o->classes);
}

static fv_value build_large(fv_graph *graph, fv_value x, const void *options) {
    return network(graph, x, options, large, sizeof large / sizeof *large, 1280);
}
static fv_value build_small(fv_graph *graph, fv_value x, const void *options) {
    return network(graph, x, options, small, sizeof small / sizeof *small, 1024);
}

const fv_arch fv_arch_mobilenet_v3_large = {
    .name = "mobilenet_v3_large",
    .summary = "inverted residuals with hard swish and squeeze and excitation",
    .fields = fields,
    .paper = "arXiv 1905.02244",
    .parameters = 5483032,
    .build = build_large,
};
const fv_arch fv_arch_mobilenet_v3_small = {
    .name = "mobilenet_v3_small",
    .summary = "the smaller one of the two, for the smallest devices",
    .fields = fields,
    .paper = "arXiv 1905.02244",
    .parameters = 2542856,
    .build = build_small,
};
