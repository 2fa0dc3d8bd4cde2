/* norm_residual.c - the end of a residual block: a batch norm's result, the sum with what is passed by, the activation. The
 * planner joins them (fuse_residual.c), so that neither the norm's result nor, where what is passed by is a norm's too, that
 * one's is ever in memory:
 *
 *   y = activation((x − mean) · inv_std · scale + bias + r)
 *   r = residual    or    (residual − residual_mean) · residual_inv_std · residual_scale + residual_bias
 *
 * The norms' statistics are inputs: batch_norm_statistics makes them. */
#include "core/ops/norm_residual.h"

#include "core/graph/node.h"
#include "core/ops/expect.h"

static const fv_field fields[] = {
    FV_FIELD(fv_batch_norm_options, activation, .by_default = "none", .names = FV_NORM_ACTIVATIONS, .help = "done to the sum"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    const fv_type *x = &call->inputs[FV_NORM_RESIDUAL_X];
    char have[256], name[64];
    FV_TRY(fv_expect(call, FV_NORM_RESIDUAL_X, "x", NULL));
    if (x->rank < 2 || fv_type_count(x) == 0)
        return fv_fail(FV_SHAPE, "x is %s, but has to have a batch, channels and values", fv_type_format(x, have));
    if (call->input_count != FV_NORM_RESIDUAL_OTHER_SCALE && call->input_count != FV_NORM_RESIDUAL_INPUTS)
        return fv_fail(FV_SHAPE, "residual has a scale, a bias, a mean and an inv_std of its own, or none of them");
    fv_type channel = fv_type_of(x->dtype, x->dims[x->rank - 1]);
    for (int i = FV_NORM_RESIDUAL_SCALE; i < call->input_count; i++) {
        fv_op_input_name(fv_op_find("norm_residual"), i, name);
        FV_TRY(fv_expect_type(name, &call->inputs[i], i == FV_NORM_RESIDUAL_OTHER ? x : &channel));
    }
    call->outputs[0] = *x;
    return NULL;
}

/* ---- reference: x as rows of C channels ---- */

/* Element (row, c) of input `at`, normalised by the four inputs that begin at `norm`. */
static double normal(const fv_call *call, int at, int norm, int64_t index, int64_t c) {
    double parts[4];
    for (int i = 0; i < 4; i++) parts[i] = fv_tensor_load(&call->inputs[norm + i], c * call->inputs[norm + i].strides[0]);
    double x = fv_tensor_load(&call->inputs[at], fv_tensor_offset(&call->inputs[at], index));
    return (x - parts[2]) * (parts[0] * parts[3]) + parts[1];
}

static void reference(const fv_call *call) {
    const fv_batch_norm_options *o = call->options;
    const fv_tensor *x = &call->inputs[FV_NORM_RESIDUAL_X], *other = &call->inputs[FV_NORM_RESIDUAL_OTHER];
    bool normed = call->input_count == FV_NORM_RESIDUAL_INPUTS;
    int64_t C = x->type.dims[x->type.rank - 1];
    for (int64_t index = 0, count = fv_type_count(&x->type); index < count; index++) {
        double y = normal(call, FV_NORM_RESIDUAL_X, FV_NORM_RESIDUAL_SCALE, index, index % C);
        y += normed ? normal(call, FV_NORM_RESIDUAL_OTHER, FV_NORM_RESIDUAL_OTHER_SCALE, index, index % C)
                    : fv_tensor_load(other, fv_tensor_offset(other, index));
        if (o->activation != FV_NORM_PLAIN && y < 0) y = 0;
        if (o->activation == FV_NORM_RELU6 && y > 6) y = 6;
        fv_tensor_store(&call->outputs[0], fv_tensor_offset(&call->outputs[0], index), y);
    }
}

static fv_work work(const fv_call *call) { return fv_norm_work(call, call->input_count == FV_NORM_RESIDUAL_INPUTS ? 5 : 3); }

/* ---- cases ---- */

#define NORM(C) "scale=f32[" C "]:0.5..2 bias=f32[" C "] mean=f32[" C "] inv_std=f32[" C "]:0.5..2 "
#define OTHER(C)                                                                                                               \
    "residual_scale=f32[" C "]:0.5..2 residual_bias=f32[" C "] residual_mean=f32[" C "] residual_inv_std=f32[" C "]:0.5..2 "

static const char *const cases[] = {
    "x=f32[4,3,5,2] " NORM("2") "residual=f32[4,3,5,2]",
    "x=f32[7,3] " NORM("3") "residual=f32[7,3] activation=relu",
    "x=f32[9,5,3,17] " NORM("17") "residual=f32[9,5,3,17] " OTHER("17") "activation=relu",
    "x=f32[5,3,7,19]:-9..9 " NORM("19") "residual=f32[5,3,7,19]:-9..9 " OTHER("19") "activation=relu6",
    "x=f32[2,1,1,5] " NORM("5") "residual=f32[2,1,1,5] " OTHER("5"),
    "x=f32[3,5,7,64]:-9..9 " NORM("64") "residual=f32[3,5,7,64] activation=relu6",
    "x=f32[300,250] " NORM("250") "residual=f32[300,250] activation=relu",
    NULL,
};

const fv_op fv_op_norm_residual = {
    .name = "norm_residual",
    .version = 1,
    .summary = "a batch norm's result, the sum with a residual, the activation; made by the planner",
    .inputs = "x,scale,bias,mean,inv_std,residual,residual_scale?,residual_bias?,residual_mean?,residual_inv_std?",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
