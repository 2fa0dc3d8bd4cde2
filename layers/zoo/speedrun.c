/* speedrun.c - the network that CIFAR-10 is learned fastest with (Jordan, arXiv 2404.00498, "94 % on CIFAR-10 in 3.29 seconds
 * on a single GPU"): a 2×2 convolution that whitens patches, GELU, three groups of
 *     3×3 convolution, 2×2 max pooling, norm, GELU, 3×3 convolution, norm, GELU
 * of widths w, 4w and 4w, max pooling over what is left, and a dense layer without bias whose logits are divided by 9. The
 * convolutions of a group begin as the identity on as many filters as they have inputs. The whitening filters are frozen and
 * the norms have no scale of their own: in a recipe that is said by `groups` (examples/recipes/cifar10.yaml). */
#include "layers/arch.h"

#define GROUPS 3

typedef struct speedrun_options {
    FV_ARCH_OPTIONS;
    int64_t width;
} speedrun_options;

static const fv_field fields[] = { FV_ARCH_FIELDS(speedrun_options, "10", "32", "3"),
                                   FV_FIELD(speedrun_options, width, .by_default = "64", .min = 1, .max = 16384,
                                            .help = "filters of the first group; the others have four times as many"),
                                   FV_FIELDS_END };

static fv_value half_group(fv_graph *graph, fv_value x, int number, int64_t filters) {
    x = fv_layer_apply(graph, number == 1 ? "conv1" : "conv2", x,
                       "conv2d filters=%lld kernel=3 padding=1 bias=false init=\"dirac others=kaiming_uniform\"",
                       (long long)filters);
    if (number == 1) x = fv_apply(graph, "max_pool2d", FV_VALUES(x), "window=2,2 stride=2,2");
    x = fv_layer_apply(graph, number == 1 ? "norm1" : "norm2", x, "batch_norm epsilon=1e-12 momentum=0.4");
    return fv_apply(graph, "gelu", FV_VALUES(x), NULL);
}

static fv_value build(fv_graph *graph, fv_value x, const void *raw) {
    const speedrun_options *o = raw;
    x = fv_layer_apply(graph, "whiten", x, "conv2d filters=%lld kernel=2 init=\"whitening epsilon=5e-4\"",
                       (long long)(2 * 2 * 2 * o->channels));
    x = fv_apply(graph, "gelu", FV_VALUES(x), NULL);
    for (int group = 0; group < GROUPS; group++) {
        int64_t scope = fv_graph_push_scope(graph, "group%d.", group + 1), filters = group ? 4 * o->width : o->width;
        for (int number = 1; number <= 2; number++) x = half_group(graph, x, number, filters);
        fv_graph_pop_scope(graph, scope);
    }
    if (!fv_is_value(x)) return x;
    const fv_type *left = fv_value_type(graph, x);
    x = fv_apply(graph, "max_pool2d", FV_VALUES(x), "window=%lld,%lld", (long long)left->dims[1], (long long)left->dims[2]);
    x = fv_layer_apply(graph, "features", x, "flatten");
    x = fv_layer_apply(graph, "head", x, "dense units=%lld bias=false", (long long)o->classes);
    return fv_apply(graph, "mul", FV_VALUES(x, fv_constant(graph, FV_F32, 1.0 / 9)), NULL);
}

const fv_arch fv_arch_speedrun = {
    .name = "speedrun",
    .summary = "the network that learns CIFAR-10 fastest, with a whitening convolution",
    .fields = fields,
    .paper = "arXiv 2404.00498",
    .parameters = 1972792,
    .build = build,
};
