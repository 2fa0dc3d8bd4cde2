/* avg_pool2d.c - 2-D average pooling, NHWC, and its gradient. The divisor is the number of pixels in the window, those of the
 * border included unless count_padding=false (pool2d.h says exactly which). */
#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/pool2d.h"

extern const fv_op fv_op_avg_pool2d, fv_op_avg_pool2d_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_pool2d_options, window, .required = true, .min = 1, .max = FV_EXTENT_MAX,
             .help = "height and width of the window"),
    FV_FIELD(fv_pool2d_options, stride, .by_default = "1", .min = 1, .max = FV_EXTENT_MAX,
             .help = "step between windows, down and across"),
    FV_FIELD(fv_pool2d_options, padding, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "border of zeros: top, left, bottom, right"),
    FV_FIELD(fv_pool2d_options, ceil, .by_default = "false",
             .help = "a last window that begins before the end of the picture counts though it does not fit"),
    FV_FIELD(fv_pool2d_options, count_padding, .by_default = "true", .help = "the border counts in the divisor"),
    FV_FIELDS_END,
};

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    return fv_pool2d_shape(&call->inputs[0], call->options, &call->outputs[0]);
}

static fv_error *grad_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "dy", "NHWC"));
    FV_TRY(fv_expect(call, 1, "like", "NHWC"));
    FV_TRY(fv_pool2d_shape(&call->inputs[1], call->options, &dy));
    call->outputs[0] = call->inputs[1];
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_avg_pool2d_grad, FV_VALUES(dy[0], node->inputs[0]), node->options, NULL);
}

static void grad_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_avg_pool2d, FV_VALUES(dz[0]), node->options, NULL);
}

static double window_sum(const fv_tensor *x, int64_t n, fv_range rows, fv_range columns, int64_t c) {
    double sum = 0;
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++) sum += fv_pixel_load(x, n, h, w, c);
    return sum;
}

static void reference(const fv_call *call) {
    const fv_pool2d_options *o = call->options;
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *X = x->type.dims, *Y = y->type.dims;
    for (int64_t n = 0; n < Y[0]; n++)
        for (int64_t p = 0; p < Y[1]; p++)
            for (int64_t q = 0; q < Y[2]; q++) {
                fv_range rows = fv_pool2d_range(o, 0, p, X[1]), columns = fv_pool2d_range(o, 1, q, X[2]);
                double divisor = (double)fv_pool2d_divisor(o, 0, p, X[1]) * (double)fv_pool2d_divisor(o, 1, q, X[2]);
                for (int64_t c = 0; c < Y[3]; c++) fv_pixel_store(y, n, p, q, c, window_sum(x, n, rows, columns, c) / divisor);
            }
}

/* The gradient of pixel (h, w): the sum over the windows it lies in, each by its divisor. */
static double pixel_sum(const fv_call *call, int64_t n, int64_t h, int64_t w, int64_t c) {
    const fv_pool2d_options *o = call->options;
    const fv_tensor *dy = &call->inputs[0];
    int64_t H = call->outputs[0].type.dims[1], W = call->outputs[0].type.dims[2];
    double sum = 0;
    for (int64_t p = 0; p < dy->type.dims[1]; p++) {
        fv_range rows = fv_pool2d_range(o, 0, p, H);
        if (h < rows.begin || h >= rows.end) continue;
        for (int64_t q = 0; q < dy->type.dims[2]; q++) {
            fv_range columns = fv_pool2d_range(o, 1, q, W);
            if (w < columns.begin || w >= columns.end) continue;
            sum +=
                fv_pixel_load(dy, n, p, q, c) / ((double)fv_pool2d_divisor(o, 0, p, H) * (double)fv_pool2d_divisor(o, 1, q, W));
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

/* An addition for each pixel of each window and a division for each window. */
static fv_work added(const fv_call *call, const fv_type *y) {
    const fv_pool2d_options *o = call->options;
    return (fv_work){ .flops = (double)fv_type_count(y) * ((double)o->window[0] * (double)o->window[1] + 1),
                      .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) { return added(call, &call->outputs[0].type); }
static fv_work grad_work(const fv_call *call) { return added(call, &call->inputs[0].type); }

static const char *const cases[] = {
    "x=f32[2,7,5,3] window=3,3 stride=2,2 padding=1",
    "x=f32[2,7,5,3] window=3,3 stride=2,2 padding=1 count_padding=false",
    "x=f32[1,1,1,1] window=1,1",
    "x=f32[1,7,8,3] window=3,2 stride=2,3 padding=1,0,2,1 ceil=true",
    "x=f32[1,7,8,3] window=3,2 stride=2,3 padding=1,0,2,1 ceil=true count_padding=false",
    "x=f32[1,5,5,1] window=2 stride=3 ceil=true",
    "x=f32[1,2,3,2] window=5 padding=2,1,4,3",
    "x=f32[3,1,9,17] window=1,4 stride=1,3 padding=0,2,0,1",
    NULL,
};

static const char *const grad_cases[] = {
    "dy=f32[2,4,3,3] like=f32[2,7,5,3] window=3,3 stride=2,2 padding=1",
    "dy=f32[2,4,3,3] like=f32[2,7,5,3] window=3,3 stride=2,2 padding=1 count_padding=false",
    "dy=f32[1,1,1,1] like=f32[1,1,1,1] window=1,1",
    "dy=f32[1,4,3,3] like=f32[1,7,8,3] window=3,2 stride=2,3 padding=1,0,2,1 ceil=true",
    "dy=f32[1,2,2,1] like=f32[1,5,5,1] window=2 stride=3 ceil=true",
    "dy=f32[1,4,3,2] like=f32[1,2,3,2] window=5 padding=2,1,4,3",
    "dy=f32[3,1,3,17] like=f32[3,1,9,17] window=1,4 stride=1,3 padding=0,2,0,1",
    NULL,
};

const fv_op fv_op_avg_pool2d = {
    .name = "avg_pool2d",
    .version = 1,
    .summary = "mean of each window",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_avg_pool2d_grad = {
    .name = "avg_pool2d_grad",
    .version = 1,
    .summary = "gradient of avg_pool2d",
    .inputs = "dy,like!",
    .outputs = "dx",
    .fields = fields,
    .shape = grad_shape,
    .grad = grad_grad,
    .reference = grad_reference,
    .work = grad_work,
    .cases = grad_cases,
};
