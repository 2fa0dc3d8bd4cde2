/* shared: gather.c - the integers behind a convolution as a matrix product (gather.h). */
#include "core/cpu/gather.h"

fv_gather fv_gather_forward(const fv_conv2d_options *options, const fv_type *x, const fv_type *w, const fv_type *y,
                            const void *data, int64_t group) {
    fv_gather g = { .height = x->dims[1], .width = x->dims[2], .pixel = x->dims[3], .channels = w->dims[3] };
    g.from = data ? (const char *)data + group * g.channels * fv_dtype_size(x->dtype) : NULL;
    for (int axis = 0; axis < 2; axis++) {
        g.grid[axis] = y->dims[1 + axis];
        g.step[axis] = options->stride[axis];
        g.taps[axis] = w->dims[1 + axis];
        g.offset[axis] = -options->padding[axis];
        g.tap_step[axis] = options->dilation[axis];
    }
    return g;
}

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

/* Input row h and output row o meet at tap r when h + padding = o · stride + r · dilation. */
static void class_axis(fv_gather_class *c, int axis, int64_t origin, int64_t size, int64_t taps, int64_t stride,
                       int64_t padding, int64_t dilation) {
    int64_t divisor = common_divisor(stride, dilation), back = stride / divisor, first = -1;
    for (int64_t r = taps - 1; r >= 0 && first < 0; r--)
        if ((origin + padding - r * dilation) % stride == 0) first = r;
    c->origin[axis] = origin;
    c->tap_first[axis] = first;
    c->tap_back[axis] = back;
    c->gather.grid[axis] = origin < size ? fv_ceil_div(size - origin, stride) : 0;
    c->gather.step[axis] = 1;
    c->gather.taps[axis] = first < 0 ? 0 : first / back + 1;
    c->gather.offset[axis] = first < 0 ? 0 : (origin + padding - first * dilation) / stride;
    c->gather.tap_step[axis] = dilation / divisor;
}

fv_gather_class fv_gather_gradient(const fv_conv2d_options *options, const fv_type *dx, const fv_type *w, const fv_type *dy,
                                   const void *data, int64_t group, int64_t class) {
    int64_t origin[2] = { class / options->stride[1], class % options->stride[1] };
    fv_gather_class c = { .gather = { .height = dy->dims[1], .width = dy->dims[2], .pixel = dy->dims[3] } };
    c.gather.channels = w->dims[0] / options->groups;
    c.gather.from = data ? (const char *)data + group * c.gather.channels * fv_dtype_size(dy->dtype) : NULL;
    for (int axis = 0; axis < 2; axis++)
        class_axis(&c, axis, origin[axis], dx->dims[1 + axis], w->dims[1 + axis], options->stride[axis], options->padding[axis],
                   options->dilation[axis]);
    return c;
}
