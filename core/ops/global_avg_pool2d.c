/* global_avg_pool2d.c - the mean over a whole picture: x [N,H,W,C] → [N,1,1,C]. */
#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"

static fv_error *shape(fv_shape_call *call) {
    char have[256];
    const fv_type *x = &call->inputs[0];
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    if (x->dims[1] < 1 || x->dims[2] < 1) return fv_fail(FV_SHAPE, "a picture without pixels: %s", fv_type_format(x, have));
    call->outputs[0] = fv_type_of(x->dtype, x->dims[0], 1, 1, x->dims[3]);
    return NULL;
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    fv_value x = node->inputs[0];
    const fv_type *type = fv_value_type(graph, x);
    fv_value share = fv_constant(graph, type->dtype, 1.0 / ((double)type->dims[1] * (double)type->dims[2]));
    fv_value each = fv_apply(graph, "mul", FV_VALUES(dy[0], share), NULL);
    dx[0] = fv_apply(graph, "expand_like", FV_VALUES(each, x), NULL);
}

static void reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *X = x->type.dims;
    for (int64_t n = 0; n < X[0]; n++)
        for (int64_t c = 0; c < X[3]; c++) {
            double sum = 0;
            for (int64_t h = 0; h < X[1]; h++)
                for (int64_t w = 0; w < X[2]; w++) sum += fv_pixel_load(x, n, h, w, c);
            fv_pixel_store(y, n, 0, 0, c, sum / ((double)X[1] * (double)X[2]));
        }
}

static fv_work work(const fv_call *call) {
    return (fv_work){ .flops = (double)fv_type_count(&call->inputs[0].type), .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[2,7,5,3]", "x=f32[1,1,1,1]", "x=f32[3,1,9,2]", "x=f32[2,7,7,33]", NULL,
};

const fv_op fv_op_global_avg_pool2d = {
    .name = "global_avg_pool2d",
    .version = 1,
    .summary = "mean over height and width",
    .inputs = "x",
    .outputs = "y",
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};
