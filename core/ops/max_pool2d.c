/* max_pool2d.c - 2-D max pooling, NHWC, and its gradient, which goes to the pixel that won. As in PyTorch the first in row
 * order wins on ties, a NaN wins over every number (the last one, where a window holds several), and the border never wins. */
#include <math.h>

#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/pool2d.h"

extern const fv_op fv_op_max_pool2d_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_pool2d_options, window, .required = true, .min = 1, .max = FV_EXTENT_MAX,
             .help = "height and width of the window"),
    FV_FIELD(fv_pool2d_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between windows, down and across"),
    FV_FIELD(fv_pool2d_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "border of minus infinity: top, left, bottom, right"),
    FV_FIELD(fv_pool2d_options, ceil, .by_default = "false",
             .help = "a last window that begins before the end of the picture counts though it does not fit"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    return fv_pool2d_shape(&call->inputs[0], call->options, &call->outputs[0]);
}

static fv_error *grad_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    FV_TRY(fv_pool2d_shape(&call->inputs[0], call->options, &dy));
    call->outputs[0] = call->inputs[0];
    return fv_expect_type("dy", &call->inputs[1], &dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_max_pool2d_grad, FV_VALUES(node->inputs[0], dy[0]), node->options, NULL);
}

/* The offset in x of the pixel that wins in window (p, q). */
static int64_t winner(const fv_call *call, int64_t n, int64_t p, int64_t q, int64_t c) {
    const fv_tensor *x = &call->inputs[0];
    fv_range rows = fv_pool2d_range(call->options, 0, p, x->type.dims[1]);
    fv_range columns = fv_pool2d_range(call->options, 1, q, x->type.dims[2]);
    int64_t best = fv_pixel_offset(x, n, rows.begin, columns.begin, c);
    double most = fv_tensor_load(x, best);
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++) {
            double value = fv_pixel_load(x, n, h, w, c);
            if (!(value > most) && !isnan(value)) continue;
            most = value;
            best = fv_pixel_offset(x, n, h, w, c);
        }
    return best;
}

static void reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *Y = y->type.dims;
    for (int64_t n = 0; n < Y[0]; n++)
        for (int64_t p = 0; p < Y[1]; p++)
            for (int64_t q = 0; q < Y[2]; q++)
                for (int64_t c = 0; c < Y[3]; c++) fv_pixel_store(y, n, p, q, c, fv_tensor_load(x, winner(call, n, p, q, c)));
}

/* The gradient of pixel (h, w): the sum over the windows it lies in and wins. */
static double pixel_sum(const fv_call *call, int64_t n, int64_t h, int64_t w, int64_t c) {
    const fv_tensor *x = &call->inputs[0], *dy = &call->inputs[1];
    int64_t H = x->type.dims[1], W = x->type.dims[2], own = fv_pixel_offset(x, n, h, w, c);
    double sum = 0;
    for (int64_t p = 0; p < dy->type.dims[1]; p++) {
        fv_range rows = fv_pool2d_range(call->options, 0, p, H);
        if (h < rows.begin || h >= rows.end) continue;
        for (int64_t q = 0; q < dy->type.dims[2]; q++) {
            fv_range columns = fv_pool2d_range(call->options, 1, q, W);
            if (w < columns.begin || w >= columns.end || winner(call, n, p, q, c) != own) continue;
            sum += fv_pixel_load(dy, n, p, q, c);
        }
    }
    return sum;
}

static void grad_reference(const fv_call *call) {
    const fv_tensor *dx = &call->outputs[0];
    const int64_t *X = dx->type.dims;
    for (int64_t n = 0; n < X[0]; n++)
        for (int64_t h = 0; h < X[1]; h++)
            for (int64_t w = 0; w < X[2]; w++)
                for (int64_t c = 0; c < X[3]; c++) fv_pixel_store(dx, n, h, w, c, pixel_sum(call, n, h, w, c));
}

/* One comparison for each pixel of each window; the gradient finds the winner again and adds once. */
static fv_work compared(const fv_call *call, const fv_type *y, double more) {
    const fv_pool2d_options *o = call->options;
    return (fv_work){ .flops = (double)fv_type_count(y) * ((double)o->window[0] * (double)o->window[1] + more),
                      .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) { return compared(call, &call->outputs[0].type, 0); }
static fv_work grad_work(const fv_call *call) { return compared(call, &call->inputs[1].type, 1); }

static const char *const cases[] = {
    "x=f32[2,7,5,3] window=3,3 stride=2,2 padding=1",
    "x=f32[1,1,1,1] window=1,1",
    "x=f32[2,6,6,2] window=2 stride=2",
    "x=f32[1,7,8,3] window=3,2 stride=2,3 padding=1,0,2,1 ceil=true",
    "x=f32[1,5,5,1] window=2 stride=3 ceil=true",
    "x=f32[1,2,3,2] window=5 padding=2,1,4,3",
    "x=f32[3,1,9,17] window=1,4 stride=1,3 padding=0,2,0,1",
    NULL,
};

static const char *const grad_cases[] = {
    "x=f32[2,7,5,3] dy=f32[2,4,3,3] window=3,3 stride=2,2 padding=1",
    "x=f32[1,1,1,1] dy=f32[1,1,1,1] window=1,1",
    "x=f32[2,6,6,2] dy=f32[2,3,3,2] window=2 stride=2",
    "x=f32[1,7,8,3] dy=f32[1,4,3,3] window=3,2 stride=2,3 padding=1,0,2,1 ceil=true",
    "x=f32[1,5,5,1] dy=f32[1,2,2,1] window=2 stride=3 ceil=true",
    "x=f32[2,5,8,67] dy=f32[2,2,2,67] window=2,3 stride=2,3",
    "x=f32[1,5,4,3] dy=f32[1,3,2,3] window=2 stride=2 ceil=true",
    "x=f32[1,2,3,2] dy=f32[1,4,3,2] window=5 padding=2,1,4,3",
    "x=f32[3,1,9,17] dy=f32[3,1,3,17] window=1,4 stride=1,3 padding=0,2,0,1",
    NULL,
};

const fv_op fv_op_max_pool2d = {
    .name = "max_pool2d",
    .version = 1,
    .summary = "largest value of each window",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_max_pool2d_grad = {
    .name = "max_pool2d_grad",
    .version = 1,
    .summary = "gradient of max_pool2d",
    .inputs = "x,dy",
    .outputs = "dx",
    .fields = fields,
    .shape = grad_shape,
    .grad = fv_grad_refused,
    .reference = grad_reference,
    .work = grad_work,
    .cases = grad_cases,
};
