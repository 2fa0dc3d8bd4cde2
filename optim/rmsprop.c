/* rmsprop.c - RMSprop (Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; centred as in Graves, arXiv 1308.0850),
 * in PyTorch's formulation: g ← g + weight_decay·w;   v ← α·v + (1 − α)·g²;   centred: c ← α·c + (1 − α)·g s = g / (√v + ε),
 * centred g / (√(v − c²) + ε);   b ← momentum·b + s;   w ← w − rate·b */
#include "optim/optimizer.h"

typedef struct rmsprop_options {
    double alpha, epsilon, momentum, weight_decay;
    bool centered;
} rmsprop_options;

static const fv_field fields[] = {
    FV_FIELD(rmsprop_options, alpha, .by_default = "0.99", .min = 0, .max = 1,
             .help = "how much of the mean of squares is kept"),
    FV_FIELD(rmsprop_options, epsilon, .by_default = "1e-8", .min = 0, .max = INFINITY, .help = "added to the denominator"),
    FV_FIELD(rmsprop_options, momentum, .by_default = "0", .min = 0, .max = 1,
             .help = "share of the last step's direction that is kept"),
    FV_FIELD(rmsprop_options, centered, .by_default = "false",
             .help = "whether the gradient's variance scales the step, not the mean of its squares"),
    FV_FIELD(rmsprop_options, weight_decay, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "L2 penalty, added to the gradient"),
    FV_FIELDS_END
};

enum { SQUARES, MEAN, MOMENTUM };

static bool uses_slot(const void *options, int slot) {
    const rmsprop_options *o = options;
    return slot == SQUARES || (slot == MEAN && o->centered) || (slot == MOMENTUM && o->momentum != 0);
}

static double weight_decay(const void *options) { return ((const rmsprop_options *)options)->weight_decay; }

/* What the gradient is divided by. */
static fv_value denominator(fv_update *u, fv_value g) {
    const rmsprop_options *o = u->options;
    fv_value v = fv_update_blend(u, u->slots[SQUARES], o->alpha, fv_update_apply(u, "mul", g, g)), under = v;
    u->new_slots[SQUARES] = v;
    if (o->centered) {
        fv_value mean = fv_update_blend(u, u->slots[MEAN], o->alpha, g);
        u->new_slots[MEAN] = mean;
        under = fv_update_apply(u, "sub", v, fv_update_apply(u, "mul", mean, mean));
    }
    fv_value root = fv_apply(u->graph, "sqrt", FV_VALUES(under), NULL);
    return fv_update_apply(u, "add", root, fv_update_number(u, o->epsilon));
}

static void emit(fv_update *u) {
    const rmsprop_options *o = u->options;
    fv_value g = fv_update_decayed_gradient(u), step = fv_update_apply(u, "div", g, denominator(u, g));
    if (o->momentum != 0) step = u->new_slots[MOMENTUM] = fv_update_axpy(u, u->slots[MOMENTUM], o->momentum, step);
    u->new_parameter = fv_update_apply(u, "sub", u->parameter, fv_update_apply(u, "mul", step, fv_update_cast(u, u->rate)));
}

const fv_optimizer fv_optimizer_rmsprop = {
    .name = "rmsprop",
    .summary = "steps scaled by a running mean of the gradient's squares",
    .fields = fields,
    .slots = { "square_avg", "grad_avg", "momentum_buffer" },
    .rate = 0.001,
    .weight_decay = weight_decay,
    .uses_slot = uses_slot,
    .emit = emit,
};
