/* conv2d_statistics.c - a convolution, and the statistics that batch norm takes of its result: they are summed where the result
 * is stored, and it is not read once more for them. The planner joins the two (fuse_statistics.c).
 *
 *   y = conv2d(x, w)
 *   mean, inv_std, new_running_mean, new_running_var = batch_norm_statistics(y, running_mean, running_var) */
#include "core/ops/conv2d_statistics.h"

#include "core/base/assert.h"
#include "core/graph/node.h"
#include "core/ops/batch_norm.h"
#include "core/ops/expect.h"

extern const fv_op fv_op_conv2d, fv_op_batch_norm_statistics;

static const fv_field fields[] = {
    FV_FIELD(fv_conv2d_statistics_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between windows, down and across"),
    FV_FIELD(fv_conv2d_statistics_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "rows and columns of zeros: top, left, bottom, right"),
    FV_FIELD(fv_conv2d_statistics_options, dilation, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between the pixels that a window reads"),
    FV_FIELD(fv_conv2d_statistics_options, groups, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "parts the channels are cut into, each convolved by itself"),
    FV_FIELD(fv_conv2d_statistics_options, epsilon, .by_default = "1e-5", .min = 0, .max = INFINITY,
             .help = "added to the variance"),
    FV_FIELD(fv_conv2d_statistics_options, momentum, .by_default = "0.1", .min = 0, .max = 1,
             .help = "weight of this batch in the running statistics"),
    FV_FIELDS_END,
};

/* conv2d's part has the same inputs but the last two, and the same options as far as it has them. */
static fv_conv2d_options windows_of(const void *options) {
    fv_conv2d_options o = ((const fv_conv2d_statistics_options *)options)->convolution;
    o.activation = FV_CONV2D_PLAIN;
    o.stored = 0; /* alike */
    return o;
}

static fv_error *shape(fv_shape_call *call) {
    fv_conv2d_options windows = windows_of(call->options);
    fv_shape_call convolution = *call, statistics = *call;
    convolution.options = &windows;
    convolution.input_count = 2;
    FV_TRY(fv_op_conv2d.shape(&convolution));
    const fv_type inputs[] = { call->outputs[0], call->inputs[2], call->inputs[3] };
    statistics.inputs = inputs;
    statistics.input_count = FV_COUNT(inputs);
    statistics.outputs = call->outputs + 1;
    statistics.output_count = call->output_count - 1;
    return fv_op_batch_norm_statistics.shape(&statistics);
}

static void reference(const fv_call *call) {
    const fv_conv2d_statistics_options *o = call->options;
    fv_conv2d_options windows = windows_of(o);
    const fv_batch_norm_options norm = { .epsilon = o->epsilon, .momentum = o->momentum };
    const fv_tensor inputs[] = { call->outputs[0], call->inputs[2], call->inputs[3] };
    fv_call convolution = *call, statistics = *call;
    convolution.options = &windows;
    convolution.input_count = 2;
    fv_op_conv2d.reference(&convolution);
    statistics.options = &norm;
    statistics.inputs = inputs;
    statistics.input_count = FV_COUNT(inputs);
    statistics.outputs = call->outputs + 1;
    fv_op_batch_norm_statistics.reference(&statistics);
}

static fv_work work(const fv_call *call) {
    fv_conv2d_options windows = windows_of(call->options);
    fv_call convolution = *call;
    convolution.options = &windows;
    convolution.input_count = 2;
    fv_work work = fv_op_conv2d.work(&convolution);
    work.flops += 4 * (double)fv_type_count(&call->outputs[0].type);
    work.bytes = fv_call_bytes(call);
    return work;
}

#define RUNNING(C) " running_mean=f32[" C "] running_var=f32[" C "]:0.1..2 "

static const char *const cases[] = {
    "x=f32[4,7,5,3] w=f32[9,1,1,3]" RUNNING("9"),
    "x=f32[9,5,7,33] w=f32[40,1,1,33]" RUNNING("40") "momentum=0.3 epsilon=0.01",
    "x=f32[7,9,11,6] w=f32[39,3,3,6]" RUNNING("39") "stride=2 padding=1",
    "x=f32[3,8,9,5] w=f32[17,3,3,5]" RUNNING("17") "padding=2,0,1,3 dilation=2,1",
    "x=f32[1,1,1,5] w=f32[2,1,1,5]" RUNNING("2"),
    "x=f32[2,4,6,340] w=f32[70,1,1,340]" RUNNING("70") "stride=2",
    "x=f32[19,5,3,6]:20..21 w=f32[33,1,1,6]" RUNNING("33"),
    "x=f32[17,7,7,20]:20..21 w=f32[35,1,1,20]:0..0.1" RUNNING("35"),
    "x=f32[6,17,15,4] w=f32[80,1,1,4]" RUNNING("80"),
    "x=f32[16,7,7,24] w=f32[150,1,1,24]" RUNNING("150"),
    NULL,
};

const fv_op fv_op_conv2d_statistics = {
    .name = "conv2d_statistics",
    .version = 1,
    .summary = "conv2d, and the statistics that batch_norm takes of its result; made by the planner",
    .inputs = "x,w,running_mean,running_var",
    .outputs = "y,mean!,inv_std!,new_running_mean!,new_running_var!",
    .fields = fields,
    .flags = FV_OP_JOINS,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
