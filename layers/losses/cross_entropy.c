/* cross_entropy.c - softmax cross-entropy, as PyTorch defines it: with q the target distribution, w the class weights, ε the
 * label smoothing and q' = (1 − ε)·q + ε/classes,
 *   loss = Σᵢ Σₖ −wₖ q'ᵢₖ log softmax(xᵢ)ₖ / n,
 * where n is Σᵢ w of picture i's class for class targets (a weighted mean) and the number of pictures for distributions.
 * Label smoothing: Szegedy et al., arXiv 1512.00567. */
#include "layers/loss.h"

typedef struct cross_entropy_options {
    double label_smoothing;
    fv_floats class_weights;
    bool soft_targets;
} cross_entropy_options;

static const fv_field fields[] = { FV_FIELD(cross_entropy_options, label_smoothing, .by_default = "0", .min = 0, .max = 1,
                                            .help = "share of the target spread over all classes"),
                                   FV_FIELD(cross_entropy_options, class_weights, .min = 0, .max = INFINITY,
                                            .help = "one number for each class; none given: all 1"),
                                   FV_FIELD(cross_entropy_options, soft_targets, .by_default = "false",
                                            .help = "targets are distributions, as mixup and CutMix make them"),
                                   FV_FIELDS_END };

static bool takes_classes(const void *options) { return !((const cross_entropy_options *)options)->soft_targets; }

static fv_value smooth(fv_graph *graph, fv_value q, double smoothing) {
    if (smoothing == 0) return q;
    fv_type type = *fv_value_type(graph, q);
    fv_value kept = fv_apply(graph, "mul", FV_VALUES(q, fv_constant(graph, type.dtype, 1 - smoothing)), NULL);
    return fv_apply(graph, "add", FV_VALUES(kept, fv_constant(graph, type.dtype, smoothing / (double)type.dims[1])), NULL);
}

static fv_value build(fv_graph *graph, fv_value logits, fv_value target, const void *raw) {
    const cross_entropy_options *o = raw;
    fv_value q = o->soft_targets ? target : fv_loss_one_hot(graph, logits, target);
    fv_value log_p = fv_apply(graph, "log_softmax", FV_VALUES(logits), "axis=1");
    fv_value terms = fv_apply(graph, "mul", FV_VALUES(smooth(graph, q, o->label_smoothing), log_p), NULL);
    fv_value weights =
        o->class_weights.count ? fv_loss_per_class(graph, logits, &o->class_weights, "class_weights") : FV_NO_VALUE;
    if (o->class_weights.count) terms = fv_apply(graph, "mul", FV_VALUES(terms, weights), NULL);
    fv_value picture = fv_apply(graph, "neg", FV_VALUES(fv_apply(graph, "sum", FV_VALUES(terms), "axes=1")), NULL);
    if (!o->class_weights.count || o->soft_targets) return fv_loss_mean(graph, picture);
    fv_value of_target = fv_apply(graph, "sum", FV_VALUES(fv_apply(graph, "mul", FV_VALUES(q, weights), NULL)), NULL);
    return fv_apply(graph, "div", FV_VALUES(fv_apply(graph, "sum", FV_VALUES(picture), NULL), of_target), NULL);
}

const fv_loss fv_loss_cross_entropy = {
    .name = "cross_entropy",
    .summary = "softmax cross-entropy: one class a picture",
    .fields = fields,
    .suits = FV_FOR_CLASSES,
    .class_weights = "class_weights",
    .soft_targets = "soft_targets",
    .takes_classes = takes_classes,
    .build = build,
};
