/* focal.c - focal loss (Lin et al., arXiv 1708.02002): cross-entropy that counts what is well classified already for less.
 *   focal          softmax, one class a picture: mean of −α_y (1 − p_y)^γ log p_y; of a distribution q the sum of these terms
 *                  over all classes y, each q_y times
 *   sigmoid_focal  the paper's form, several labels a picture: mean of −α_t (1 − p_t)^γ log p_t, where p_t is σ(x) and α_t is α
 *                  for positives, 1 − σ(x) and 1 − α for negatives; equal to torchvision.ops.sigmoid_focal_loss
 * 1 − p is kept above 1e-7, so that the power's gradient stays finite where the loss vanishes. */
#include "layers/loss.h"

typedef struct focal_options {
    double gamma;
    fv_floats alpha;
    bool soft_targets;
} focal_options;

typedef struct sigmoid_focal_options {
    double gamma, alpha;
} sigmoid_focal_options;

static const fv_field fields[] = { FV_FIELD(focal_options, gamma, .by_default = "2", .min = 0, .max = INFINITY,
                                            .help = "how fast easy pictures fade; 0: cross-entropy"),
                                   FV_FIELD(focal_options, alpha, .min = 0, .max = INFINITY,
                                            .help = "weight of a class: one number, or one for each; none given: 1"),
                                   FV_FIELD(focal_options, soft_targets, .by_default = "false",
                                            .help = "targets are distributions, as mixup and CutMix make them"),
                                   FV_FIELDS_END };
static const fv_field sigmoid_fields[] = { FV_FIELD(sigmoid_focal_options, gamma, .by_default = "2", .min = 0, .max = INFINITY,
                                                    .help = "how fast easy labels fade; 0: cross-entropy"),
                                           FV_FIELD(sigmoid_focal_options, alpha, .by_default = "0.25", .min = 0, .max = 1,
                                                    .help = "weight of positives; of negatives 1 − alpha"),
                                           FV_FIELDS_END };

static fv_value apply2(fv_graph *graph, const char *op, fv_value a, fv_value b) {
    return fv_apply(graph, op, FV_VALUES(a, b), NULL);
}

/* (1 − e^log_p)^γ */
static fv_value fading(fv_graph *graph, fv_value log_p, double gamma) {
    fv_dtype dtype = fv_value_type(graph, log_p)->dtype;
    fv_value rest = apply2(graph, "sub", fv_constant(graph, dtype, 1), fv_apply(graph, "exp", FV_VALUES(log_p), NULL));
    rest = fv_apply(graph, "clamp", FV_VALUES(rest), "min=1e-7 max=1");
    return apply2(graph, "pow", rest, fv_constant(graph, dtype, gamma));
}

static bool takes_classes(const void *options) { return !((const focal_options *)options)->soft_targets; }

static fv_value build(fv_graph *graph, fv_value x, fv_value target, const void *raw) {
    const focal_options *o = raw;
    fv_value q = o->soft_targets ? target : fv_loss_one_hot(graph, x, target);
    fv_value log_p = fv_apply(graph, "log_softmax", FV_VALUES(x), "axis=1");
    fv_value terms = o->gamma == 0 ? log_p : apply2(graph, "mul", fading(graph, log_p, o->gamma), log_p);
    if (o->alpha.count) terms = apply2(graph, "mul", terms, fv_loss_per_class(graph, x, &o->alpha, "alpha"));
    fv_value picture = fv_apply(graph, "sum", FV_VALUES(apply2(graph, "mul", q, terms)), "axes=1");
    return fv_apply(graph, "neg", FV_VALUES(fv_loss_mean(graph, picture)), NULL);
}

/* a where t is 1, b where it is 0, in between for a soft target. */
static fv_value mix(fv_graph *graph, fv_value t, fv_value a, fv_value b) {
    return apply2(graph, "add", apply2(graph, "mul", t, apply2(graph, "sub", a, b)), b);
}

/* log p_t is −softplus(−x) for positives and −softplus(x) for negatives. */
static fv_value build_sigmoid(fv_graph *graph, fv_value x, fv_value t, const void *raw) {
    const sigmoid_focal_options *o = raw;
    fv_dtype dtype = fv_value_type(graph, x)->dtype;
    fv_value minus_x = fv_apply(graph, "neg", FV_VALUES(x), NULL);
    fv_value positive = fv_apply(graph, "softplus", FV_VALUES(minus_x), NULL),
             negative = fv_apply(graph, "softplus", FV_VALUES(x), NULL);
    fv_value loss = mix(graph, t, positive, negative); /* the cross-entropy */
    if (o->gamma != 0) {
        fv_value p = fv_apply(graph, "sigmoid", FV_VALUES(x), NULL);
        fv_value missing = mix(graph, t, fv_apply(graph, "sigmoid", FV_VALUES(minus_x), NULL), p); /* 1 − p_t */
        fv_value kept = fv_apply(graph, "clamp", FV_VALUES(missing), "min=1e-7 max=1");
        loss = apply2(graph, "mul", apply2(graph, "pow", kept, fv_constant(graph, dtype, o->gamma)), loss);
    }
    fv_value alpha = mix(graph, t, fv_constant(graph, dtype, o->alpha), fv_constant(graph, dtype, 1 - o->alpha));
    return fv_loss_mean(graph, apply2(graph, "mul", alpha, loss));
}

const fv_loss fv_loss_focal = {
    .name = "focal",
    .summary = "cross-entropy that fades for easy pictures: one class a picture",
    .fields = fields,
    .suits = FV_FOR_CLASSES,
    .class_weights = "alpha",
    .soft_targets = "soft_targets",
    .takes_classes = takes_classes,
    .build = build,
};
const fv_loss fv_loss_sigmoid_focal = {
    .name = "sigmoid_focal",
    .summary = "cross-entropy that fades for easy labels: several labels a picture",
    .fields = sigmoid_fields,
    .suits = FV_FOR_CLASSES | FV_FOR_LABELS,
    .takes_classes = fv_takes_numbers,
    .build = build_sigmoid,
};
