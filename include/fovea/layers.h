/* fovea/layers.h - networks as graphs: layers, architectures, losses, and the first values of their weights.
 *
 *   FV_OWNED(fv_graph) g = NULL;
 *   FV_TRY(fv_graph_new(&g));
 *   fv_value loss = fv_arch_with_loss(g, "resnet18 classes=10", "cross_entropy label_smoothing=0.1", 32);
 *   fv_training_step(g, loss, &(fv_training_options){.optimizer = "sgd momentum=0.9"});      (fovea/optim.h)
 *   FV_TRY(fv_graph_error(g));
 *   FV_TRY(fv_initialize(g, weights, seed));
 *
 * A part is chosen by text, "NAME option=value …": `fovea help layer conv2d` lists the options, the same rows give the
 * defaults. An unknown name or option is FV_USAGE with the nearest one as hint; like every building error it sticks to the
 * graph. Activations are NHWC; parameters are named as torchvision names them ("layer1.0.conv1.weight"). */
#ifndef FOVEA_LAYERS_H
#define FOVEA_LAYERS_H

#include "fovea/graph.h"
#include "fovea/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A layer called `name` inside the current scope, e.g. fv_layer_apply(g, "conv1", x, "conv2d filters=%d kernel=3 padding=1",
 * 64). Its parameters are the states NAME.weight, NAME.bias, …; its last node is called NAME. Dropout reads the feed "rng",
 * i64[2] = (seed, step), which the first one creates; each layer draws from a stream of its own, numbered by its full name. */
FV_API fv_value fv_layer_apply(fv_graph *graph, const char *name, fv_value x, const char *layer, ...) FV_PRINTF(4, 5);

/* A whole network for `batch` pictures: input "x" f32[batch, height, width, channels] (normalised: that is a transform, not
 * part of the graph), node "features" (what the classifier reads, [batch, n]), result "logits" f32[batch, classes], returned.
 * Every architecture has the options classes, size (height,width) and channels. */
FV_API fv_value fv_arch_build(fv_graph *graph, const char *arch, int64_t batch);

/* The input "target" that a loss needs beside these logits: i64[batch] class numbers, or f32 in the shape of the logits. */
FV_API fv_value fv_loss_target(fv_graph *graph, const char *loss, fv_value logits);
/* The scalar loss, the mean over the batch, in the logits' dtype. */
FV_API fv_value fv_loss_build(fv_graph *graph, const char *loss, fv_value logits, fv_value target);

/* Class weights that make each class count alike, n / (K · count), for cross_entropy's class_weights: n pictures over the K
 * classes that have any; a class without pictures gets 0. */
FV_API void fv_balanced_weights(const int64_t *counts, int64_t classes, double *weights);

/* All of it: input "x", input "target", results "logits", "loss" (f32 scalar, returned) and, where the target is a class,
 * "correct" (i64 scalar: pictures whose largest logit is the target's; of equal ones the lowest class counts). */
FV_API fv_value fv_arch_with_loss(fv_graph *graph, const char *arch, const char *loss, int64_t batch);

/* Declares every state of the graph in `weights` and fills the new ones by their initialisers; those that are there keep their
 * values (load pretrained weights first, then fill in the rest). A value is a pure function of (seed, state name, element index
 * in row order): the same on any number of threads, in any order of states. */
FV_API FV_MUST_USE fv_error *fv_initialize(const fv_graph *graph, fv_weights *weights, uint64_t seed);
/* One tensor of f32 or f64 by initialiser text ("kaiming_normal mode=fan_out"; NULL: zeros). A weight is KRSC, or [out, in]. */
FV_API FV_MUST_USE fv_error *fv_initialize_tensor(fv_tensor *tensor, const char *name, const char *initializer, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
