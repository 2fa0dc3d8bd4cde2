/* clamp.c - numbers kept between two bounds. Gradient flows where the number lies strictly between them, as in
 * PyTorch from 2.15 on (before, on the bounds too). NaN comes through. */
#include <math.h>

#include "core/ops/activations.h"
#include "core/ops/emit.h"

static const fv_field fields[] = {
    FV_FIELD(fv_clamp_options, min, .by_default = "-inf", .help = "lower bound"),
    FV_FIELD(fv_clamp_options, max, .by_default = "inf", .help = "upper bound"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_clamp_options *o = call->options;
    if (!(o->min <= o->max)) return fv_fail(FV_USAGE, "the bounds %g and %g have nothing between them", o->min, o->max);
    return fv_shape_same(call);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_clamp_options *o = node->options;
    fv_value x = node->inputs[0], above = fv_apply2(graph, "greater", x, fv_number(graph, x, o->min));
    fv_value inside = fv_apply2(graph, "logical_and", above, fv_apply2(graph, "less", x, fv_number(graph, x, o->max)));
    dx[0] = fv_where(graph, inside, dy[0], fv_number(graph, x, 0));
}

static double clamp(const void *options, const double *x) {
    const fv_clamp_options *o = options;
    return x[0] < o->min ? o->min : x[0] > o->max ? o->max : x[0];
}

static const char *const cases[] = {
    "x=f32[2,3,5] min=-0.5 max=0.25",
    "x=f32[1037] min=0.1",
    "x=f32[] max=0",
    "x=f32[0,3] min=0 max=1",
    "x=f32[7] min=2 max=2",
    "x=i32[9]:-9..9 min=-3 max=4",
    NULL,
};

const fv_op fv_op_clamp = {
    .name = "clamp",
    .version = 1,
    .summary = "x kept between two bounds",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .flags = FV_OP_ELEMENTWISE,
    .shape = shape,
    .grad = grad,
    .reference = fv_reference_elementwise,
    .scalar = clamp,
    .cases = cases,
};
