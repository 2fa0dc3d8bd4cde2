/* dense.c - a fully connected layer over rows: NAME.weight, [units, in], and NAME.bias. PyTorch's initial values by default:
 * ±1/√in for both. */
#include <math.h>

#include "layers/layer.h"

typedef struct dense_options {
    int64_t units;
    bool bias;
    const char *init, *bias_init;
} dense_options;

static const fv_field fields[] = {
    FV_FIELD(dense_options, units, .required = true, .min = 1, .help = "outputs"),
    FV_FIELD(dense_options, bias, .by_default = "true", .help = "whether a bias is added"),
    FV_FIELD(dense_options, init, .by_default = "\"kaiming_uniform a=2.23606797749979\"", .help = "initialiser of the weight"),
    FV_FIELD(dense_options, bias_init, .help = "initialiser of the bias; none given: uniform within 1/√in"), FV_FIELDS_END
};

static fv_value bias_of(fv_graph *graph, const char *name, const fv_type *weight, const char *given) {
    FV_TEXT(init, 4096);
    double bound = 1 / sqrt((double)weight->dims[1]);
    if (given)
        fv_text_add(&init, given);
    else
        fv_text_addf(&init, "uniform low=%.17g high=%.17g", -bound, bound);
    fv_graph_fail(graph, fv_text_error(&init));
    fv_type type = fv_type_of(weight->dtype, weight->dims[0]);
    return fv_layer_state(graph, name, "bias", type, FV_PARAMETER, init.at);
}

static fv_value build(fv_graph *graph, const char *name, fv_value x, const void *raw) {
    const dense_options *o = raw;
    if (!fv_layer_takes(graph, name, x, 2)) return FV_NO_VALUE;
    fv_type in = *fv_value_type(graph, x);
    fv_type type = fv_type_of(in.dtype, o->units, in.dims[1]);
    fv_value weight = fv_layer_state(graph, name, "weight", type, FV_PARAMETER, o->init);
    fv_value bias = o->bias ? bias_of(graph, name, &type, o->bias_init) : FV_NO_VALUE;
    fv_graph_name_next(graph, "%s", name);
    return fv_apply(graph, "linear", FV_VALUES(x, weight, bias), NULL);
}

static const char *const cases[] = { "f32[3,5] units=2 -> f32[3,2]",
                                     "f32[1,7] units=4 bias=false init=\"normal std=0.01\" -> f32[1,4]",
                                     "f32[2,3] units=3 bias_init=zeros -> f32[2,3]", NULL };

const fv_layer fv_layer_dense = {
    .name = "dense",
    .summary = "fully connected layer",
    .fields = fields,
    .build = build,
    .cases = cases,
};
