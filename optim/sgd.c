/* sgd.c - stochastic gradient descent with momentum (Polyak 1964; Nesterov's form as Sutskever et al., ICML 2013, rewrite it),
 * in PyTorch's formulation, where the learning rate scales the buffer and not the gradient that enters it:
 *   g ← g + weight_decay·w;   v ← momentum·v + (1 − dampening)·g, in the first step v ← g
 *   w ← w − rate·v,   or with Nesterov   w ← w − rate·(g + momentum·v) */
#include "optim/optimizer.h"

typedef struct sgd_options {
    double momentum, dampening, weight_decay;
    bool nesterov;
} sgd_options;

static const fv_field fields[] = { FV_FIELD(sgd_options, momentum, .by_default = "0", .min = 0, .max = 1,
                                            .help = "share of the last step's direction that is kept"),
                                   FV_FIELD(sgd_options, dampening, .by_default = "0", .min = 0, .max = 1,
                                            .help = "share of the gradient that the momentum leaves out, after the first step"),
                                   FV_FIELD(sgd_options, nesterov, .by_default = "false",
                                            .help = "whether the gradient counts as if one step ahead"),
                                   FV_FIELD(sgd_options, weight_decay, .by_default = "0", .min = 0, .max = INFINITY,
                                            .help = "L2 penalty, added to the gradient"),
                                   FV_FIELDS_END };

static fv_error *check(const void *options) {
    const sgd_options *o = options;
    if (o->nesterov && o->momentum == 0) return fv_fail(FV_USAGE, "sgd: nesterov needs a momentum");
    if (o->dampening == 0) return NULL;
    if (o->nesterov) return fv_fail(FV_USAGE, "sgd: nesterov goes without dampening");
    return o->momentum == 0 ? fv_fail(FV_USAGE, "sgd: dampening needs a momentum") : NULL;
}

static double weight_decay(const void *options) { return ((const sgd_options *)options)->weight_decay; }
static bool uses_slot(const void *options, int slot) { return (void)slot, ((const sgd_options *)options)->momentum != 0; }

/* shared[0] = what enters the momentum of the gradient: 1 − dampening·(1 − 0ᵗ⁻¹), all of it in the first step. */
static void begin(fv_graph *graph, const void *options, fv_value step, fv_value *shared) {
    double dampening = ((const sgd_options *)options)->dampening;
    if (dampening == 0) return;
    fv_value before = fv_apply(graph, "sub", FV_VALUES(step, fv_constant(graph, FV_F64, 1)), NULL);
    fv_value first = fv_apply(graph, "pow", FV_VALUES(fv_constant(graph, FV_F64, 0), before), NULL);
    fv_value left_out = fv_apply(graph, "mul", FV_VALUES(first, fv_constant(graph, FV_F64, dampening)), NULL);
    shared[0] = fv_apply(graph, "add", FV_VALUES(left_out, fv_constant(graph, FV_F64, 1 - dampening)), NULL);
}

static void emit(fv_update *u) {
    const sgd_options *o = u->options;
    fv_value g = fv_update_decayed_gradient(u), step = g;
    if (o->momentum != 0) {
        fv_value enters = o->dampening != 0 ? fv_update_apply(u, "mul", g, fv_update_cast(u, u->shared[0])) : g;
        fv_value v = fv_update_axpy(u, u->slots[0], o->momentum, enters);
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
    .rate = 0.05,
    .check = check,
    .weight_decay = weight_decay,
    .uses_slot = uses_slot,
    .begin = begin,
    .emit = emit,
};
