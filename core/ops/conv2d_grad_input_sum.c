/* conv2d_grad_input_sum.c - the gradient that arrives where a convolution's input is read by somebody else too, as a residual
 * block's is: the convolution's part and the other one are added where the first is stored. And where that input was made by
 * an activation, what goes on to what lies in front of it: the sum where y, the activation's result, has a slope, else 0. The
 * planner joins them (sum_on_store.c).
 *
 *   dx = conv2d_grad_input(dy, w) + other      0 where y ≤ 0, or with relu6 where y ≥ 6 */
#include <stddef.h>
#include <string.h>

#include "core/graph/node.h"
#include "core/ops/conv2d.h"
#include "core/ops/expect.h"
#include "core/ops/stored.h"

extern const fv_op fv_op_conv2d_grad_input;

static const fv_field fields[] = {
    FV_FIELD(fv_conv2d_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between windows, down and across"),
    FV_FIELD(fv_conv2d_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "rows and columns of zeros: top, left, bottom, right"),
    FV_FIELD(fv_conv2d_options, dilation, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between the pixels that a window reads"),
    FV_FIELD(fv_conv2d_options, groups, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "parts the channels are cut into, each convolved by itself"),
    FV_FIELD(fv_conv2d_options, activation, .by_default = "none", .names = FV_CONV2D_ACTIVATIONS, .help = "what made y"),
    FV_FIELDS_END,
};

/* The same inputs: dy, w, and what dx is like. */
static fv_error *shape(fv_shape_call *call) {
    const fv_conv2d_options *o = call->options;
    fv_conv2d_options windows = { .stored = FV_STORED_ALIKE };
    fv_shape_call product = *call;
    memcpy(&windows, o, offsetof(fv_conv2d_options, stored)); /* which is no option here */
    product.options = &windows;
    FV_TRY(fv_op_conv2d_grad_input.shape(&product));
    if ((call->input_count > 3) != (o->activation != FV_CONV2D_PLAIN))
        return fv_fail(FV_SHAPE, "y is the result of an activation: both are given, or none");
    return call->input_count > 3 ? fv_expect_type("y", &call->inputs[3], &call->outputs[0]) : NULL;
}

static void reference(const fv_call *call) {
    const fv_conv2d_options *o = call->options;
    const fv_tensor *other = &call->inputs[2], *y = call->input_count > 3 ? &call->inputs[3] : NULL, *dx = &call->outputs[0];
    fv_op_conv2d_grad_input.reference(call);
    for (int64_t i = 0, count = fv_type_count(&dx->type); i < count; i++) {
        int64_t at = fv_tensor_offset(dx, i);
        double sum = fv_tensor_load(dx, at) + fv_tensor_load(other, fv_tensor_offset(other, i));
        double slope = y ? fv_tensor_load(y, fv_tensor_offset(y, i)) : 1;
        bool flat = slope <= 0 || (o->activation == FV_CONV2D_RELU6 && slope >= 6);
        fv_tensor_store(dx, at, flat ? 0 : sum);
    }
}

static fv_work work(const fv_call *call) {
    fv_work work = fv_op_conv2d_grad_input.work(call);
    work.flops += (double)fv_type_count(&call->outputs[0].type);
    return work;
}

static const char *const cases[] = {
    "dy=f32[2,7,5,3] w=f32[3,1,1,21] other=f32[2,7,5,21]",
    "dy=f32[3,5,7,33] w=f32[33,1,1,40] other=f32[3,5,7,40] y=f32[3,5,7,40] activation=relu",
    "dy=f32[1,1,1,5] w=f32[5,1,1,1] other=f32[1,1,1,1] y=f32[1,1,1,1] activation=relu",
    "dy=f32[1,9,8,330] w=f32[330,1,1,50] other=f32[1,9,8,50] y=f32[1,9,8,50]:-3..9 activation=relu6",
    "dy=f32[2,4,5,9] w=f32[9,1,1,35] other=f32[2,7,9,35] y=f32[2,7,9,35] activation=relu stride=2",
    "dy=f32[2,7,8,6] w=f32[6,3,3,2] other=f32[2,9,8,4] groups=2 padding=1 dilation=2,1",
    "dy=f32[2,4,3,20] w=f32[20,3,3,17] other=f32[2,7,6,17] y=f32[2,7,6,17]:-3..9 activation=relu6 stride=2 padding=1",
    NULL,
};

const fv_op fv_op_conv2d_grad_input_sum = {
    .name = "conv2d_grad_input_sum",
    .version = 1,
    .summary = "gradient of conv2d with respect to x, and that of others; made by the planner",
    .inputs = "dy,w,other,y?",
    .outputs = "dx",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
