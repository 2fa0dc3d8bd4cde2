/* adam.c - Adam (Kingma and Ba, arXiv 1412.6980) and AdamW, which decays the weights themselves and not through the gradient
 * (Loshchilov and Hutter, arXiv 1711.05101), both in PyTorch's formulation:
 *   Adam: g ← g + weight_decay·w;   AdamW: w ← w − rate·weight_decay·w
 *   m ← β₁·m + (1 − β₁)·g;   v ← β₂·v + (1 − β₂)·g²
 *   w ← w − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε),   with AMSGrad (Reddi et al., ICLR 2018) of the largest v so far
 * What depends on the step alone is computed once, in f64. */
#include "optim/optimizer.h"

typedef struct adam_options {
    double betas[2], epsilon, weight_decay;
    bool amsgrad;
} adam_options;

#define MOMENT_FIELDS                                                                                                          \
    FV_FIELD(adam_options, betas, .by_default = "0.9,0.999", .min = 0, .max = 1,                                               \
             .help = "how much of the mean of gradients and of their squares is kept"),                                        \
        FV_FIELD(adam_options, epsilon, .by_default = "1e-8", .min = 0, .max = INFINITY, .help = "added to the denominator"),  \
        FV_FIELD(adam_options, amsgrad, .by_default = "false",                                                                 \
                 .help = "whether the largest mean of squares so far counts in place of the last")

static const fv_field adam_fields[] = { MOMENT_FIELDS,
                                        FV_FIELD(adam_options, weight_decay, .by_default = "0", .min = 0, .max = INFINITY,
                                                 .help = "L2 penalty, added to the gradient"),
                                        FV_FIELDS_END };
static const fv_field adamw_fields[] = { MOMENT_FIELDS,
                                         FV_FIELD(adam_options, weight_decay, .by_default = "0.01", .min = 0, .max = INFINITY,
                                                  .help = "share of the weight taken off, times the rate"),
                                         FV_FIELDS_END };

static fv_error *check(const void *options) {
    const adam_options *o = options;
    if (o->betas[0] < 1 && o->betas[1] < 1) return NULL;
    return fv_fail(FV_USAGE, "betas of %g and %g: each is below 1", o->betas[0], o->betas[1]);
}

static bool uses_slot(const void *options, int slot) { return slot < 2 || ((const adam_options *)options)->amsgrad; }

static double weight_decay(const void *options) { return ((const adam_options *)options)->weight_decay; }

/* 1 − βᵗ */
static fv_value correction(fv_graph *graph, double beta, fv_value step) {
    fv_value power = fv_apply(graph, "pow", FV_VALUES(fv_constant(graph, FV_F64, beta), step), NULL);
    return fv_apply(graph, "sub", FV_VALUES(fv_constant(graph, FV_F64, 1), power), NULL);
}

/* shared[0] = 1 − β₁ᵗ, shared[1] = √(1 − β₂ᵗ) */
static void begin(fv_graph *graph, const void *options, fv_value step, fv_value *shared) {
    const adam_options *o = options;
    shared[0] = correction(graph, o->betas[0], step);
    shared[1] = fv_apply(graph, "sqrt", FV_VALUES(correction(graph, o->betas[1], step)), NULL);
}

/* The step away from `w`, given the gradient. */
static void descend(fv_update *u, fv_value w, fv_value g) {
    const adam_options *o = u->options;
    fv_value m = fv_update_blend(u, u->slots[0], o->betas[0], g);
    fv_value v = fv_update_blend(u, u->slots[1], o->betas[1], fv_update_apply(u, "mul", g, g));
    fv_value largest = o->amsgrad ? fv_update_apply(u, "maximum", u->slots[2], v) : v;
    fv_value root = fv_apply(u->graph, "sqrt", FV_VALUES(largest), NULL);
    root = fv_update_apply(u, "div", root, fv_update_cast(u, u->shared[1]));
    fv_value denominator = fv_update_apply(u, "add", root, fv_update_number(u, o->epsilon));
    fv_value size = fv_update_cast(u, fv_update_apply(u, "div", u->rate, u->shared[0]));
    fv_value step = fv_update_apply(u, "mul", fv_update_apply(u, "div", m, denominator), size);
    u->new_slots[0] = m;
    u->new_slots[1] = v;
    if (o->amsgrad) u->new_slots[2] = largest;
    u->new_parameter = fv_update_apply(u, "sub", w, step);
}

static void emit_adam(fv_update *u) { descend(u, u->parameter, fv_update_decayed_gradient(u)); }

static void emit_adamw(fv_update *u) {
    fv_value w = u->parameter;
    if (u->weight_decay != 0) {
        fv_value loss = fv_update_apply(u, "mul", u->rate, fv_constant(u->graph, FV_F64, u->weight_decay));
        fv_value kept = fv_update_cast(u, fv_update_apply(u, "sub", fv_constant(u->graph, FV_F64, 1), loss));
        w = fv_update_apply(u, "mul", w, kept);
    }
    descend(u, w, u->gradient);
}

const fv_optimizer fv_optimizer_adam = {
    .name = "adam",
    .summary = "steps scaled by running moments of the gradient",
    .fields = adam_fields,
    .slots = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
    .rate = 0.001,
    .check = check,
    .weight_decay = weight_decay,
    .uses_slot = uses_slot,
    .begin = begin,
    .emit = emit_adam,
};
const fv_optimizer fv_optimizer_adamw = {
    .name = "adamw",
    .summary = "Adam with weight decay of its own",
    .fields = adamw_fields,
    .slots = { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" },
    .rate = 0.001,
    .check = check,
    .weight_decay = weight_decay,
    .uses_slot = uses_slot,
    .begin = begin,
    .emit = emit_adamw,
};
