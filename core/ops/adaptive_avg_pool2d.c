/* adaptive_avg_pool2d.c - average pooling to a picture of a given size, NHWC, and its gradient. Windows as in PyTorch: they
 * cover the picture evenly and overlap where its size is no multiple (fv_adaptive_range). */
#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"
#include "core/ops/pool2d.h"

extern const fv_op fv_op_adaptive_avg_pool2d, fv_op_adaptive_avg_pool2d_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_adaptive_pool2d_options, size, .required = true, .min = 1, .max = 65536,
             .help = "height and width of the result"),
    FV_FIELDS_END,
};

static fv_error *pooled(const fv_type *x, const fv_adaptive_pool2d_options *o, fv_type *y) {
    char have[256];
    if (x->dims[1] < 1 || x->dims[2] < 1) return fv_fail(FV_SHAPE, "a picture without pixels: %s", fv_type_format(x, have));
    *y = fv_type_of(x->dtype, x->dims[0], o->size[0], o->size[1], x->dims[3]);
    return NULL;
}

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    return pooled(&call->inputs[0], call->options, &call->outputs[0]);
}

static fv_error *grad_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "dy", "NHWC"));
    FV_TRY(fv_expect(call, 1, "like", "NHWC"));
    FV_TRY(pooled(&call->inputs[1], call->options, &dy));
    call->outputs[0] = call->inputs[1];
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_adaptive_avg_pool2d_grad, FV_VALUES(dy[0], node->inputs[0]), node->options, NULL);
}

static void grad_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_adaptive_avg_pool2d, FV_VALUES(dz[0]), node->options, NULL);
}

static double window_mean(const fv_tensor *x, int64_t n, fv_range rows, fv_range columns, int64_t c) {
    double sum = 0;
    for (int64_t h = rows.begin; h < rows.end; h++)
        for (int64_t w = columns.begin; w < columns.end; w++) sum += fv_pixel_load(x, n, h, w, c);
    return sum / ((double)(rows.end - rows.begin) * (double)(columns.end - columns.begin));
}

static void reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *X = x->type.dims, *Y = y->type.dims;
    for (int64_t n = 0; n < Y[0]; n++)
        for (int64_t p = 0; p < Y[1]; p++)
            for (int64_t q = 0; q < Y[2]; q++) {
                fv_range rows = fv_adaptive_range(p, Y[1], X[1]), columns = fv_adaptive_range(q, Y[2], X[2]);
                for (int64_t c = 0; c < Y[3]; c++) fv_pixel_store(y, n, p, q, c, window_mean(x, n, rows, columns, c));
            }
}

static double pixel_sum(const fv_tensor *dy, const fv_type *x, int64_t n, int64_t h, int64_t w, int64_t c) {
    int64_t P = dy->type.dims[1], Q = dy->type.dims[2];
    double sum = 0;
    for (int64_t p = 0; p < P; p++) {
        fv_range rows = fv_adaptive_range(p, P, x->dims[1]);
        if (h < rows.begin || h >= rows.end) continue;
        for (int64_t q = 0; q < Q; q++) {
            fv_range columns = fv_adaptive_range(q, Q, x->dims[2]);
            if (w < columns.begin || w >= columns.end) continue;
            sum += fv_pixel_load(dy, n, p, q, c) / ((double)(rows.end - rows.begin) * (double)(columns.end - columns.begin));
        }
    }
    return sum;
}

static void grad_reference(const fv_call *call) {
    const fv_tensor *dy = &call->inputs[0], *dx = &call->outputs[0];
    const int64_t *X = dx->type.dims;
    for (int64_t n = 0; n < X[0]; n++)
        for (int64_t h = 0; h < X[1]; h++)
            for (int64_t w = 0; w < X[2]; w++)
                for (int64_t c = 0; c < X[3]; c++) fv_pixel_store(dx, n, h, w, c, pixel_sum(dy, &dx->type, n, h, w, c));
}

/* Windows overlap by a row at most: about an addition for each pixel and a division for each window. */
static fv_work work(const fv_call *call) {
    return (fv_work){ .flops = (double)fv_type_count(&call->inputs[0].type) + (double)fv_type_count(&call->outputs[0].type),
                      .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "x=f32[2,7,5,3] size=3,2",
    "x=f32[1,1,1,1] size=1",
    "x=f32[2,6,6,2] size=3",
    "x=f32[1,3,2,5] size=7,5",
    "x=f32[1,13,11,17] size=7,7",
    "x=f32[3,5,4,2] size=1,4",
    NULL,
};

static const char *const grad_cases[] = {
    "dy=f32[2,3,2,3] like=f32[2,7,5,3] size=3,2",     "dy=f32[1,1,1,1] like=f32[1,1,1,1] size=1",
    "dy=f32[2,3,3,2] like=f32[2,6,6,2] size=3",       "dy=f32[1,7,5,5] like=f32[1,3,2,5] size=7,5",
    "dy=f32[1,7,7,17] like=f32[1,13,11,17] size=7,7", NULL,
};

const fv_op fv_op_adaptive_avg_pool2d = {
    .name = "adaptive_avg_pool2d",
    .version = 1,
    .summary = "mean of each of size[0] × size[1] windows that cover the picture",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_adaptive_avg_pool2d_grad = {
    .name = "adaptive_avg_pool2d_grad",
    .version = 1,
    .summary = "gradient of adaptive_avg_pool2d",
    .inputs = "dy,like!",
    .outputs = "dx",
    .fields = fields,
    .shape = grad_shape,
    .grad = grad_grad,
    .reference = grad_reference,
    .work = work,
    .cases = grad_cases,
};
