/* shared: block.c - blocks of layers that several architectures are made of. */
#include "layers/block.h"

#include <stddef.h>

static int64_t channels_of(const fv_graph *graph, fv_value x) { return fv_value_type(graph, x)->dims[3]; }

fv_value fv_conv_norm_add(fv_graph *graph, fv_value x, const fv_conv_norm *b) {
    x = fv_layer_apply(graph, b->conv, x,
                       "conv2d filters=%lld kernel=%lld stride=%lld padding=%lld groups=%lld bias=false "
                       "init=\"kaiming_normal mode=fan_out nonlinearity=relu\"",
                       (long long)b->filters, (long long)b->kernel, (long long)b->stride, (long long)(b->kernel - 1) / 2,
                       (long long)b->groups);
    x = fv_layer_apply(graph, b->norm, x, "batch_norm");
    return b->activation ? fv_apply(graph, b->activation, FV_VALUES(x), NULL) : x;
}

/* relu(y + x), x projected to y's shape if it has another. */
static fv_value add_shortcut(fv_graph *graph, fv_value y, fv_value x, int64_t filters, int64_t stride) {
    if (stride != 1 || channels_of(graph, x) != filters)
        x = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "downsample.0", "downsample.1", filters, 1, stride, 1, NULL });
    return fv_apply(graph, "relu", FV_VALUES(fv_apply(graph, "add", FV_VALUES(y, x), NULL)), NULL);
}

fv_value fv_basic_block(fv_graph *graph, fv_value x, int64_t width, int64_t stride) {
    fv_value y = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "conv1", "bn1", width, 3, stride, 1, "relu" });
    y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ "conv2", "bn2", width, 3, 1, 1, NULL });
    return add_shortcut(graph, y, x, width, stride);
}

fv_value fv_bottleneck_block(fv_graph *graph, fv_value x, int64_t width, int64_t stride) {
    fv_value y = fv_conv_norm_add(graph, x, &(fv_conv_norm){ "conv1", "bn1", width, 1, 1, 1, "relu" });
    y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ "conv2", "bn2", width, 3, stride, 1, "relu" });
    y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ "conv3", "bn3", 4 * width, 1, 1, 1, NULL });
    return add_shortcut(graph, y, x, 4 * width, stride);
}

fv_value fv_inverted_residual_block(fv_graph *graph, fv_value x, int64_t filters, int64_t stride, int64_t expand) {
    static const char *const names[2][4] = { { "0.0", "0.1", "1", "2" }, { "1.0", "1.1", "2", "3" } };
    const char *const *name = names[expand != 1];
    int64_t inside = channels_of(graph, x) * expand, scope = fv_graph_push_scope(graph, "conv.");
    fv_value y = x;
    if (expand != 1) y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ "0.0", "0.1", inside, 1, 1, 1, "relu6" });
    y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ name[0], name[1], inside, 3, stride, inside, "relu6" });
    y = fv_conv_norm_add(graph, y, &(fv_conv_norm){ name[2], name[3], filters, 1, 1, 1, NULL });
    fv_graph_pop_scope(graph, scope);
    return stride == 1 && channels_of(graph, x) == filters ? fv_apply(graph, "add", FV_VALUES(y, x), NULL) : y;
}
