/* resize.c - resizes pictures, NHWC, by the nearest pixel or bilinearly, without smoothing before it shrinks; resize.h has the
 * weights. They follow from the two sizes alone, also where `scale` was given. The gradient spreads dy by the same weights. */
#include "core/ops/resize.h"

#include "core/graph/node.h"
#include "core/ops/expect.h"
#include "core/ops/pixel.h"

extern const fv_op fv_op_resize, fv_op_resize_grad;

static const fv_field fields[] = {
    FV_FIELD(fv_resize_options, size, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "height and width of the result"),
    FV_FIELD(fv_resize_options, scale, .by_default = "0", .min = 0, .max = FV_EXTENT_MAX,
             .help = "factors of height and width, in place of size"),
    FV_FIELD(fv_resize_options, mode, .by_default = "nearest", .names = "nearest,bilinear", .help = "how pixels are made"),
    FV_FIELD(fv_resize_options, align_corners, .by_default = "false",
             .help = "bilinear: the centres of the corner pixels stay where they are"),
    FV_FIELDS_END,
};

/* ---- shape ---- */

static fv_error *resized(const fv_type *x, const fv_resize_options *o, fv_type *y) {
    char have[256];
    if (x->dims[1] < 1 || x->dims[2] < 1) return fv_fail(FV_SHAPE, "a picture without pixels: %s", fv_type_format(x, have));
    *y = *x;
    for (int axis = 0; axis < 2; axis++) {
        double scaled = (double)x->dims[axis + 1] * o->scale[axis];
        if ((o->size[axis] > 0) == (o->scale[axis] > 0))
            return fv_fail(FV_USAGE, "give either size or scale: both or neither is set for the %s", axis ? "width" : "height");
        if (o->size[axis] == 0 && !(scaled >= 1 && scaled <= FV_EXTENT_MAX))
            return fv_fail(FV_SHAPE, "the %s of %lld scaled by %g is %g", axis ? "width" : "height",
                           (long long)x->dims[axis + 1], o->scale[axis], scaled);
        y->dims[axis + 1] = o->size[axis] > 0 ? o->size[axis] : (int64_t)scaled;
    }
    if (o->align_corners && o->mode == FV_RESIZE_NEAREST)
        return fv_fail(FV_USAGE, "align_corners means something for mode=bilinear only");
    return NULL;
}

static fv_error *shape(fv_shape_call *call) {
    FV_TRY(fv_expect(call, 0, "x", "NHWC"));
    return resized(&call->inputs[0], call->options, &call->outputs[0]);
}

static fv_error *grad_shape(fv_shape_call *call) {
    fv_type dy;
    FV_TRY(fv_expect(call, 0, "dy", "NHWC"));
    FV_TRY(fv_expect(call, 1, "like", "NHWC"));
    FV_TRY(resized(&call->inputs[1], call->options, &dy));
    call->outputs[0] = call->inputs[1];
    return fv_expect_type("dy", &call->inputs[0], &dy);
}

/* ---- gradients ---- */

static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_resize_grad, FV_VALUES(dy[0], node->inputs[0]), node->options, NULL);
}

static void grad_grad(fv_graph *graph, const fv_node *node, const fv_value *dz, fv_value *dx) {
    dx[0] = fv_graph_add(graph, &fv_op_resize, FV_VALUES(dz[0]), node->options, NULL);
}

/* ---- reference ---- */

static double mixed(double low, double high, double part) { return part > 0 ? low * (1 - part) + high * part : low; }

static void reference(const fv_call *call) {
    const fv_tensor *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *X = x->type.dims, *Y = y->type.dims;
    for (int64_t n = 0; n < Y[0]; n++)
        for (int64_t p = 0; p < Y[1]; p++)
            for (int64_t q = 0; q < Y[2]; q++) {
                fv_resize_tap a = fv_resize_tap_of(call->options, p, X[1], Y[1]);
                fv_resize_tap b = fv_resize_tap_of(call->options, q, X[2], Y[2]);
                for (int64_t c = 0; c < Y[3]; c++) {
                    double low = mixed(fv_pixel_load(x, n, a.low, b.low, c), fv_pixel_load(x, n, a.low, b.high, c), b.part);
                    double high = mixed(fv_pixel_load(x, n, a.high, b.low, c), fv_pixel_load(x, n, a.high, b.high, c), b.part);
                    fv_pixel_store(y, n, p, q, c, mixed(low, high, a.part));
                }
            }
}

/* The weight with which output position `at` reads `pixel`. */
static double weight(const fv_resize_options *o, int64_t at, int64_t pixel, int64_t from, int64_t to) {
    fv_resize_tap tap = fv_resize_tap_of(o, at, from, to);
    return (tap.low == pixel ? 1 - tap.part : 0) + (tap.high == pixel ? tap.part : 0);
}

static double pixel_sum(const fv_call *call, int64_t n, int64_t h, int64_t w, int64_t c) {
    const fv_tensor *dy = &call->inputs[0];
    const int64_t *Y = dy->type.dims, *X = call->outputs[0].type.dims;
    double sum = 0;
    for (int64_t p = 0; p < Y[1]; p++) {
        double down = weight(call->options, p, h, X[1], Y[1]);
        for (int64_t q = 0; q < Y[2] && down > 0; q++) {
            double across = weight(call->options, q, w, X[2], Y[2]);
            if (across > 0) sum += down * across * fv_pixel_load(dy, n, p, q, c);
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

/* ---- work: three mixes of 3 operations for each output pixel, or none ---- */

static fv_work mixes(const fv_call *call, const fv_type *y, double nearest) {
    const fv_resize_options *o = call->options;
    return (fv_work){ .flops = (double)fv_type_count(y) * (o->mode == FV_RESIZE_NEAREST ? nearest : 9),
                      .bytes = fv_call_bytes(call) };
}

static fv_work work(const fv_call *call) { return mixes(call, &call->outputs[0].type, 0); }
static fv_work grad_work(const fv_call *call) { return mixes(call, &call->inputs[0].type, 1); }

/* ---- cases ---- */

static const char *const cases[] = {
    "x=f32[2,5,7,3] size=9,4",
    "x=f32[2,5,7,3] size=9,4 mode=bilinear",
    "x=f32[2,5,7,3] size=9,4 mode=bilinear align_corners=true",
    "x=f32[1,1,1,2] size=3,5 mode=bilinear",
    "x=f32[1,4,3,1] size=1,1 mode=bilinear align_corners=true",
    "x=f32[1,4,6,2] scale=2",
    "x=f32[1,4,6,2] scale=2,0.5 mode=bilinear",
    "x=f32[1,7,9,17] scale=1.5,0.4 mode=bilinear",
    NULL,
};

static const char *const grad_cases[] = {
    "dy=f32[2,9,4,3] like=f32[2,5,7,3] size=9,4",
    "dy=f32[2,9,4,3] like=f32[2,5,7,3] size=9,4 mode=bilinear",
    "dy=f32[2,9,4,3] like=f32[2,5,7,3] size=9,4 mode=bilinear align_corners=true",
    "dy=f32[1,3,5,2] like=f32[1,1,1,2] size=3,5 mode=bilinear",
    "dy=f32[1,1,1,1] like=f32[1,4,3,1] size=1,1 mode=bilinear align_corners=true",
    "dy=f32[1,8,3,2] like=f32[1,4,6,2] scale=2,0.5 mode=bilinear",
    NULL,
};

const fv_op fv_op_resize = {
    .name = "resize",
    .version = 1,
    .summary = "pictures of another height and width, by the nearest pixel or bilinearly",
    .inputs = "x",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};

const fv_op fv_op_resize_grad = {
    .name = "resize_grad",
    .version = 1,
    .summary = "gradient of resize",
    .inputs = "dy,like!",
    .outputs = "dx",
    .fields = fields,
    .shape = grad_shape,
    .grad = grad_grad,
    .reference = grad_reference,
    .work = grad_work,
    .cases = grad_cases,
};
