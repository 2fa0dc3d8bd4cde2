/* batch_norm.c - batch normalisation over the last dimension (Ioffe and Szegedy, arXiv 1502.03167), with PyTorch's conventions:
 * normalises by the biased variance, keeps the unbiased one, running ← (1 − momentum)·running + momentum·batch.
 * Parameters NAME.weight and NAME.bias, buffers NAME.running_mean, NAME.running_var and NAME.num_batches_tracked. */
#include "layers/layer.h"

typedef struct batch_norm_options {
    double epsilon, momentum;
    const char *init;
} batch_norm_options;

static const fv_field fields[] = { FV_FIELD(batch_norm_options, epsilon, .by_default = "1e-5", .min = 0, .max = INFINITY,
                                            .help = "added to the variance"),
                                   FV_FIELD(batch_norm_options, momentum, .by_default = "0.1", .min = 0, .max = 1,
                                            .help = "share of this batch in the running statistics"),
                                   FV_FIELD(batch_norm_options, init, .by_default = "ones",
                                            .help = "initialiser of the scale; zeros starts a residual branch at nothing"),
                                   FV_FIELDS_END };

static void count_batch(fv_graph *graph, const char *name) {
    fv_value count = fv_layer_state(graph, name, "num_batches_tracked", fv_type_of(FV_I64), FV_BUFFER, "zeros");
    fv_graph_assign(graph, count, fv_apply(graph, "add", FV_VALUES(count, fv_constant(graph, FV_I64, 1)), NULL));
}

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *raw) {
    const batch_norm_options *o = raw;
    fv_type in = *fv_value_type(graph, x);
    if (in.rank < 2) return fv_layer_takes(graph, name, x, 4), FV_NO_VALUE;
    fv_type type = fv_type_of(in.dtype == FV_BF16 ? FV_F32 : in.dtype, in.dims[in.rank - 1]);
    fv_value scale = fv_layer_state(graph, name, "weight", type, FV_PARAMETER, o->init);
    fv_value bias = fv_layer_state(graph, name, "bias", type, FV_PARAMETER, "zeros");
    fv_value mean = fv_layer_state(graph, name, "running_mean", type, FV_BUFFER, "zeros");
    fv_value variance = fv_layer_state(graph, name, "running_var", type, FV_BUFFER, "ones");
    fv_graph_name_next(graph, "%s", name);
    fv_value y = fv_apply(graph, "batch_norm", FV_VALUES(x, scale, bias, mean, variance), "epsilon=%.17g momentum=%.17g",
                          o->epsilon, o->momentum);
    fv_graph_assign(graph, mean, fv_output_of(y, 3));
    fv_graph_assign(graph, variance, fv_output_of(y, 4));
    count_batch(graph, name);
    return y;
}

static const char *const cases[] = { "f32[2,3,4,5] -> f32[2,3,4,5]",
                                     "f32[4,3] epsilon=0.001 momentum=0.01 init=zeros -> f32[4,3]", NULL };

const fv_layer fv_layer_batch_norm = {
    .name = "batch_norm",
    .summary = "batch normalisation over channels",
    .fields = fields,
    .build = build,
    .cases = cases,
};
