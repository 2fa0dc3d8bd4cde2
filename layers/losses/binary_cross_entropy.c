/* binary_cross_entropy.c - sigmoid cross-entropy of logits x with targets t in 0 … 1, each class for itself (several labels a
 * picture), with a weight p for positives, as PyTorch's BCEWithLogitsLoss:
 *   loss = mean of (1 − t)·x + (1 + (p − 1)·t)·softplus(−x),
 * which is −p·t·log σ(x) − (1 − t)·log(1 − σ(x)) without a logarithm of something small. */
#include "layers/loss.h"

typedef struct binary_cross_entropy_options {
    fv_floats pos_weight;
} binary_cross_entropy_options;

static const fv_field fields[] = { FV_FIELD(binary_cross_entropy_options, pos_weight, .min = 0, .max = INFINITY,
                                            .help = "weight of positives: one number, or one for each class; none given: 1"),
                                   FV_FIELDS_END };

static fv_value build(fv_graph *graph, fv_value x, fv_value t, const void *raw) {
    const binary_cross_entropy_options *o = raw;
    fv_dtype dtype = fv_value_type(graph, x)->dtype;
    fv_value one = fv_constant(graph, dtype, 1);
    fv_value above = fv_apply(graph, "softplus", FV_VALUES(fv_apply(graph, "neg", FV_VALUES(x), NULL)), NULL);
    if (o->pos_weight.count) {
        fv_value more = fv_apply(graph, "sub", FV_VALUES(fv_loss_per_class(graph, x, &o->pos_weight, "pos_weight"), one), NULL);
        fv_value weight = fv_apply(graph, "add", FV_VALUES(fv_apply(graph, "mul", FV_VALUES(more, t), NULL), one), NULL);
        above = fv_apply(graph, "mul", FV_VALUES(weight, above), NULL);
    }
    fv_value negative = fv_apply(graph, "mul", FV_VALUES(fv_apply(graph, "sub", FV_VALUES(one, t), NULL), x), NULL);
    return fv_loss_mean(graph, fv_apply(graph, "add", FV_VALUES(negative, above), NULL));
}

const fv_loss fv_loss_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .summary = "sigmoid cross-entropy of logits: several labels a picture",
    .fields = fields,
    .suits = FV_FOR_CLASSES | FV_FOR_LABELS,
    .label_weights = "pos_weight",
    .takes_classes = fv_takes_numbers,
    .build = build,
};
