/* block.h - blocks of layers that several architectures are made of. Each adds its nodes to the current scope. */
#ifndef FV_LAYERS_BLOCK_H
#define FV_LAYERS_BLOCK_H

#include "fovea/layers.h"

/* A convolution without bias and the batch norm after it, each with a name of its own; padded so that stride 1 keeps the size.
 */
typedef struct fv_conv_norm {
    const char *conv, *norm;
    int64_t filters, kernel, stride, groups;
    const char *activation; /* an op, "relu"; NULL: none */
} fv_conv_norm;
fv_value fv_conv_norm_add(fv_graph *graph, fv_value x, const fv_conv_norm *block);

/* The residual blocks of He et al. (arXiv 1512.03385), with torchvision's names: conv1, bn1, …, downsample.0, downsample.1. The
 * shortcut is projected where shape or channels change. fv_basic_block: two 3×3 convolutions to `width` channels;
 * fv_bottleneck_block: 1×1 to `width`, 3×3 with the stride, 1×1 to 4·width. */
fv_value fv_basic_block(fv_graph *graph, fv_value x, int64_t width, int64_t stride);
fv_value fv_bottleneck_block(fv_graph *graph, fv_value x, int64_t width, int64_t stride);

/* The inverted residual of Sandler et al. (arXiv 1801.04381), with torchvision's names under "conv.": 1×1 to `expand` times the
 * channels (not for expand 1), depthwise 3×3 with the stride, 1×1 to `filters` without activation; added to x where shapes
 * agree. */
fv_value fv_inverted_residual_block(fv_graph *graph, fv_value x, int64_t filters, int64_t stride, int64_t expand);

#endif
