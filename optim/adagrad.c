/* adagrad.c - Adagrad (Duchi, Hazan, Singer, JMLR 12, 2011), in PyTorch's formulation:
 *   g ← g + weight_decay·w;   s ← s + g²;   w ← w − rate / (1 + (t − 1)·rate_decay) · g / (√s + ε) */
#include "optim/optimizer.h"

typedef struct adagrad_options {
    double rate_decay, epsilon, weight_decay;
} adagrad_options;

static const fv_field fields[] = { FV_FIELD(adagrad_options, rate_decay, .by_default = "0", .min = 0, .max = INFINITY,
                                            .help = "the rate is divided by 1 + this, times the steps done"),
                                   FV_FIELD(adagrad_options, epsilon, .by_default = "1e-10", .min = 0, .max = INFINITY,
                                            .help = "added to the denominator"),
                                   FV_FIELD(adagrad_options, weight_decay, .by_default = "0", .min = 0, .max = INFINITY,
                                            .help = "L2 penalty, added to the gradient"),
                                   FV_FIELDS_END };

static double weight_decay(const void *options) { return ((const adagrad_options *)options)->weight_decay; }

/* shared[0] = 1 + (t − 1)·rate_decay */
static void begin(fv_graph *graph, const void *options, fv_value step, fv_value *shared) {
    double decay = ((const adagrad_options *)options)->rate_decay;
    fv_value slower = fv_apply(graph, "mul", FV_VALUES(step, fv_constant(graph, FV_F64, decay)), NULL);
    shared[0] = fv_apply(graph, "add", FV_VALUES(slower, fv_constant(graph, FV_F64, 1 - decay)), NULL);
}

static void emit(fv_update *u) {
    const adagrad_options *o = u->options;
    fv_value g = fv_update_decayed_gradient(u);
    fv_value sum = fv_update_apply(u, "add", u->slots[0], fv_update_apply(u, "mul", g, g));
    fv_value root = fv_apply(u->graph, "sqrt", FV_VALUES(sum), NULL);
    fv_value scaled = fv_update_apply(u, "div", g, fv_update_apply(u, "add", root, fv_update_number(u, o->epsilon)));
    fv_value rate = fv_update_cast(u, fv_update_apply(u, "div", u->rate, u->shared[0]));
    u->new_slots[0] = sum;
    u->new_parameter = fv_update_apply(u, "sub", u->parameter, fv_update_apply(u, "mul", scaled, rate));
}

const fv_optimizer fv_optimizer_adagrad = {
    .name = "adagrad",
    .summary = "steps scaled by the sum of all squares of the gradient so far",
    .fields = fields,
    .slots = { "sum" },
    .rate = 0.01,
    .weight_decay = weight_decay,
    .begin = begin,
    .emit = emit,
};
