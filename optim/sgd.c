/* sgd.c - stochastic gradient descent with momentum (Polyak 1964; Nesterov's form as Sutskever et al., ICML 2013, rewrite it),
 * in PyTorch's formulation, where the learning rate scales the buffer and not the gradient that enters it: g ← g +
 * weight_decay·w;   v ← momentum·v + g;   w ← w − rate·v,   or with Nesterov   w ← w − rate·(g + momentum·v). */
#include "optim/optimizer.h"

typedef struct sgd_options {
    double momentum, weight_decay;
    bool nesterov;
} sgd_options;

static const fv_field fields[] = { FV_FIELD(sgd_options, momentum, .by_default = "0", .min = 0, .max = 1,
                                            .help = "share of the last step's direction that is kept"),
                                   FV_FIELD(sgd_options, nesterov, .by_default = "false",
                                            .help = "whether the gradient counts as if one step ahead"),
                                   FV_FIELD(sgd_options, weight_decay, .by_default = "0", .min = 0, .max = INFINITY,
                                            .help = "L2 penalty, added to the gradient"),
                                   FV_FIELDS_END };

static fv_error *check(const void *options) {
    const sgd_options *o = options;
    return o->nesterov && o->momentum == 0 ? fv_fail(FV_USAGE, "sgd: nesterov needs a momentum") : NULL;
}

static double weight_decay(const void *options) { return ((const sgd_options *)options)->weight_decay; }
static bool uses_slot(const void *options, int slot) { return (void)slot, ((const sgd_options *)options)->momentum != 0; }

static void emit(fv_update *u) {
    const sgd_options *o = u->options;
    fv_value g = fv_update_decayed_gradient(u), step = g;
    if (o->momentum != 0) {
        fv_value v = fv_update_axpy(u, u->slots[0], o->momentum, g);
        u->new_slots[0] = v;
        step = o->nesterov ? fv_update_axpy(u, v, o->momentum, g) : v;
    }
    fv_value rate = fv_update_cast(u, u->rate);
    u->new_parameter = fv_update_apply(u, "sub", u->parameter, fv_update_apply(u, "mul", step, rate));
}

const fv_optimizer fv_optimizer_sgd = {
    .name = "sgd",
    .summary = "stochastic gradient descent with momentum",
    .fields = fields,
    .slots = { "momentum" },
    .check = check,
    .weight_decay = weight_decay,
    .uses_slot = uses_slot,
    .emit = emit,
};
